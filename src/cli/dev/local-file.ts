import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LOCAL_FILE } from '../env-file.ts';

/** Writes the environment for the commands in other terminals; returns how to remove it, unless another one has been written since. */
export async function writeLocalFile(
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<() => Promise<void>> {
  const file = join(folder, LOCAL_FILE);
  const lines = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const head =
    '# Written by `customer-sync dev` or `stand-ins`, and removed at its end: it leads to the stand-ins.';
  const text = `${[head, ...lines].join('\n')}\n`;
  await writeFile(file, text, { mode: 0o600 });
  return async () => {
    if ((await readFile(file, 'utf8').catch(() => '')) === text) await rm(file, { force: true });
  };
}
