import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the package: the code may lie in it as it stands, or compiled one folder deeper. */
export const PACKAGE_ROOT = dirname(
  fileURLToPath(import.meta.resolve('commercetools-fluent-customer-sync/package.json')),
);
