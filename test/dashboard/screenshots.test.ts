import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { findChromium } from '../sandbox/browser.ts';
import { FOLDER, PICTURES, takeScreenshots } from './screenshots.ts';

const SECONDS = 1;

/** A PNG has its width and height at bytes 16 and 20. https://www.w3.org/TR/png/#11IHDR */
async function sizeOf(file: string): Promise<{ width: number; height: number; bytes: number }> {
  const png = await readFile(file);
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20), bytes: png.length };
}

const NAME = "the README's pictures can be made from the demo, and are in the README";
const found = findChromium();
if ('skip' in found) t.test(NAME, { skip: found.skip }, async () => {});
else
  t.test(NAME, async (t) => {
    const folder = t.testdir();
    t.strictSame(await takeScreenshots(found.path, folder, SECONDS), [], 'nothing on the console');
    const readme = await readFile('src/dashboard/README.md', 'utf8');
    for (const { name, width, height } of PICTURES) {
      const made = await sizeOf(join(folder, `${name}.png`));
      t.match(made, { width, height });
      t.ok(made.bytes > 30_000, `something is on it: ${made.bytes} bytes`);
      t.match(await sizeOf(join(FOLDER, `${name}.png`)), { width, height });
      t.ok(readme.includes(`test/dashboard/screenshots/${name}.png`));
    }
  });
