import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The folder of the package: it contains the code, or the compiled code one folder deeper. */
export const PACKAGE_ROOT = join(
  import.meta.dirname,
  import.meta.filename.endsWith('.ts') ? '../..' : '../../..',
);

/** The module that resolves the imports of handlers in any folder. Loaded on demand, because it slows every other import. */
export const RESOLVE_PACKAGE = pathToFileURL(join(PACKAGE_ROOT, 'src/process/resolve-package.js')).href;
