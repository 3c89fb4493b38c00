import { existsSync } from 'node:fs';

// In the repository and in the image Node runs TypeScript directly. It refuses to below node_modules, so the package contains
// the compiled code in `dist`. Only this module distinguishes the two.
const base = existsSync(new URL('../main.ts', import.meta.url))
  ? { folder: new URL('../', import.meta.url), extension: '.ts' }
  : { folder: new URL('../../dist/src/', import.meta.url), extension: '.js' };

/** Imports a module of `src`, named without its extension. */
export function load(path) {
  return import(new URL(path + base.extension, base.folder).href);
}
