import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { ConfigurationError, type Fault } from '../../src/configuration-error.ts';
import { loadHandlers } from '../../src/router/load-handlers.ts';

const FIXTURES = join(import.meta.dirname, '..', 'fixtures', 'handlers');

async function faultsOf(folder: string): Promise<readonly Fault[]> {
  try {
    await loadHandlers(folder);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  throw new Error('Expected a ConfigurationError, everything was loaded');
}

t.test(
  'loads files and folders, replaces shipped handlers by custom ones, and ignores other files',
  async (t) => {
    const handlers = await loadHandlers(join(FIXTURES, 'good'));
    const loaded = [...handlers.values()].map(({ handler, ...rest }) => ({
      ...rest,
      description: handler.description,
    }));
    t.strictSame(
      loaded.sort((one, other) => one.name.localeCompare(other.name)),
      [
        { name: 'added', source: 'handlers/custom/added.ts', description: 'One more.' },
        { name: 'file-handler', source: 'handlers/file-handler.ts', description: 'A file.' },
        { name: 'folder-handler', source: 'handlers/folder-handler', description: 'A folder.' },
        {
          name: 'replaced',
          source: 'handlers/custom/replaced',
          replaces: 'handlers/replaced.ts',
          description: 'The custom one.',
        },
      ],
    );
    for (const [name, handler] of handlers) t.equal(handler.name, name);
  },
);

t.test('refuses two handlers with the same name', async (t) => {
  t.strictSame(await faultsOf(join(FIXTURES, 'twice')), [
    { where: 'handlers/same.ts', expected: 'one handler of each name', found: 'handlers/same as well' },
  ]);
});

t.test('reports every invalid handler with the reason, together', async (t) => {
  const faults = await faultsOf(join(FIXTURES, 'wrong'));
  t.match(faults, [
    { where: 'handlers/empty-folder', expected: 'code that can be loaded', found: /index\.ts/ },
    { where: 'handlers/missing-import.js', expected: 'code that can be loaded', found: /no-such-package/ },
    { where: 'handlers/no-default.ts', expected: /default export/, found: 'no default export' },
    {
      where: 'handlers/throws.ts',
      expected: 'code that can be loaded',
      found: /^TypeError: no luck today \(test\/fixtures\/handlers\/wrong\/throws\.ts:1:7\)$/,
    },
    { where: 'handlers/wrong-shape.ts', expected: /default export/, found: 'another value' },
  ]);
  t.equal(faults.length, 5);
});

t.test('reports the file and the line of a syntax error, and of an error during the import', async (t) => {
  const folder = t.testdir({
    'broken.js': 'export default {\n  one: 1\n  two: 2\n};',
    'broken.ts': 'const one: number = 1;\n\nexport default { one two };',
    'enumerated.ts': 'const one = 1;\nenum Two { three }\nexport default one;',
    'thrown.ts': '\n\nthrow new TypeError("no luck");',
  });
  const place = (file: string, line: number) => new RegExp(`^[^(]* \\(\\S*/${file}:${line}\\b[^)]*\\)$`);
  t.match(await faultsOf(folder), [
    { where: 'handlers/broken.js', found: place('broken.js', 3) },
    { where: 'handlers/broken.ts', found: /^SyntaxError: .*\/broken\.ts:3\)$/s },
    { where: 'handlers/enumerated.ts', found: place('enumerated.ts', 2) },
    { where: 'handlers/thrown.ts', found: place('thrown.ts', 3) },
  ]);
});

t.test('refuses two custom handlers with the same name although they replace a shipped one', async (t) => {
  const folder = t.testdir({});
  const source = `import { z } from 'zod';
export default { description: 'One.', props: z.object({}), readsCurrentState: true, create: () => {} };`;
  // A file outside the project cannot resolve packages, so zod is imported by its path.
  const text = source.replace("'zod'", JSON.stringify(import.meta.resolve('zod')));
  await mkdir(join(folder, 'custom', 'same'), { recursive: true });
  for (const file of ['same.ts', 'custom/same.ts', 'custom/same/index.ts'])
    await writeFile(join(folder, file), text);
  t.match(await faultsOf(folder), [
    { where: 'handlers/custom/same.ts', found: 'handlers/custom/same as well' },
  ]);
});

t.test('finds no handlers in a folder that does not exist', async (t) => {
  t.equal((await loadHandlers(join(FIXTURES, 'nowhere'))).size, 0);
});

t.test('reports a folder that this user may not read, because its handlers would be missing', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'load-handlers-'));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  await chmod(root, 0o755);
  const hidden = ['mine', 'open/custom', 'open/note'];
  for (const name of ['shipped', ...hidden]) await mkdir(join(root, name), { recursive: true });
  for (const name of hidden) await chmod(join(root, name), 0o000);
  // Root can read everything.
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65534);
  try {
    const loaded = loadHandlers(join(root, 'shipped'), [join(root, 'mine'), join(root, 'open')]);
    t.match(await loaded.catch((error: unknown) => error), {
      faults: [/mine/, /open\/note/, /open\/custom/].map((name) => ({
        where: 'environment HANDLERS_DIR',
        found: new RegExp(`the folder .*${name.source}, which this user may not read`),
      })),
    });
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});
