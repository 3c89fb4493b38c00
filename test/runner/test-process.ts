import { registerHooks } from 'node:module';
import { delimiter } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { currentTest } from './current-test.ts';

// The process of a group: runs the files that TEST_FILES names one after the other, each as a test with the file's name.

const FILE_TEST = 'file-test:';
const EXPORT_FILE_TEST = `import { currentTest } from '${new URL('current-test.ts', import.meta.url).href}';
export default currentTest.file;`;

// What a test file imports as `tap` is the test of that file, so that its options and its teardown end with the file.
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'tap' && context.parentURL?.endsWith('.test.ts')
      ? { url: FILE_TEST + context.parentURL, shortCircuit: true }
      : next(specifier, context),
  load: (url, context, next) =>
    url.startsWith(FILE_TEST)
      ? { source: EXPORT_FILE_TEST, format: 'module', shortCircuit: true }
      : next(url, context),
});

for (const file of process.env['TEST_FILES']?.split(delimiter) ?? [])
  t.test(file, async (fileTest) => {
    currentTest.file = fileTest;
    await import(pathToFileURL(file).href);
  });
