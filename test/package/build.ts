import { spawnSync } from 'node:child_process';
import { cp, glob, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

// `npm pack` runs this first. Node refuses TypeScript below node_modules, so the package contains the code compiled by tsc,
// which also writes the declarations for editors. The repository and the image do not need this step.

const ROOT = join(import.meta.dirname, '../..');
const DIST = join(ROOT, 'dist');
/** The files that the code reads. */
const ASSETS = ['src/dashboard/page/*', 'test/sandbox/*.graphql'];

await rm(DIST, { recursive: true, force: true });
await mkdir(DIST);
const config = {
  extends: '../tsconfig.json',
  compilerOptions: {
    noEmit: false,
    // `npm run types` checks the types; without the check compilation takes half of the time.
    noCheck: true,
    outDir: '.',
    rootDir: '..',
    declaration: true,
    rewriteRelativeImportExtensions: true,
  },
  include: ['../src', '../routes', '../handlers'],
};
await writeFile(join(DIST, 'tsconfig.json'), JSON.stringify(config));
const { status, error } = spawnSync('tsc', ['--project', join(DIST, 'tsconfig.json')], { stdio: 'inherit' });
if (error) throw error;
await rm(join(DIST, 'tsconfig.json'));
for await (const file of glob(ASSETS, { cwd: ROOT })) {
  await mkdir(dirname(join(DIST, file)), { recursive: true });
  await cp(join(ROOT, file), join(DIST, file));
}
process.exitCode = status ?? 1;
