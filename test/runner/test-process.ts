import { registerHooks } from 'node:module';
import { delimiter } from 'node:path';
import { pathToFileURL } from 'node:url';
import { currentTest } from './current-test.ts';

// The process of a group: runs the files that TEST_FILES names one after the other, each as a test with the file's name.

const DOMAIN = new URL('domain.ts', import.meta.url).href;
const FILE_TEST = 'file-test:';
const EXPORT_FILE_TEST = `import { currentTest } from '${new URL('current-test.ts', import.meta.url).href}';
export default currentTest.file;`;

registerHooks({
  resolve(specifier, context, next) {
    // What a test file imports as `tap` is the test of that file, so that its options and its teardown end with the file.
    if (specifier === 'tap' && context.parentURL?.endsWith('.test.ts'))
      return { url: FILE_TEST + context.parentURL, shortCircuit: true };
    return next(specifier === 'async-hook-domain' ? DOMAIN : specifier, context);
  },
  load: (url, context, next) =>
    url.startsWith(FILE_TEST)
      ? { source: EXPORT_FILE_TEST, format: 'module', shortCircuit: true }
      : next(url, context),
});

// Not at the top: imports there come before the hooks.
const { default: t } = await import('tap');

for (const file of process.env['TEST_FILES']?.split(delimiter) ?? [])
  t.test(file, async (fileTest) => {
    currentTest.file = fileTest;
    await import(pathToFileURL(file).href);
  });
