import * as module from 'node:module';

const NAME = 'commercetools-fluent-customer-sync';

// Handlers may be in any folder, also behind a symlink or in a mounted folder without node_modules. In all of them the
// package's name is resolved to this package, and packages that are not installed there (zod, the SDKs) to its dependencies.
module.registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = locate(specifier, context, nextResolve);
    // `npm init` writes "type": "commonjs" into package.json; a handler in TypeScript is a module nevertheless.
    return resolved.format === 'commonjs-typescript'
      ? { ...resolved, format: 'module-typescript' }
      : resolved;
  },
});

function locate(specifier, context, nextResolve) {
  const fromHere = () => nextResolve(specifier, { ...context, parentURL: import.meta.url });
  if (specifier === NAME || specifier.startsWith(`${NAME}/`)) return fromHere();
  if (!isForeign(specifier, context.parentURL)) return nextResolve(specifier, context);
  try {
    return nextResolve(specifier, context);
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    try {
      return fromHere();
    } catch {
      throw error;
    }
  }
}

/** True for a package that is imported by a file which is no part of any package. */
function isForeign(specifier, parent) {
  return (
    /^[@\w]/.test(specifier) &&
    !URL.canParse(specifier) &&
    parent?.startsWith('file:') &&
    !parent.includes('/node_modules/')
  );
}
