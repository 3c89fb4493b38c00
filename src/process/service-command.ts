import { join } from 'node:path';
import { PACKAGE_ROOT } from './package-root.ts';

/** The options for V8 in `npm start`; `src/start.js` explains them. */
export const V8_OPTIONS = [
  '--max-semi-space-size=4',
  '--heap-growing-percent=40',
  '--no-allocation-site-pretenuring',
] as const;

/** The arguments of node that start the service. */
export const SERVICE_COMMAND: readonly string[] = [...V8_OPTIONS, join(PACKAGE_ROOT, 'src/start.js')];
