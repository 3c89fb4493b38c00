import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { aloneIn, type Group } from './groups.ts';
import { runGroup } from './run-group.ts';

function fileWith(t: Test, code: string): string {
  return join(t.testdir({ 'a.test.ts': code }), 'a.test.ts');
}

t.test('counts what a file says', async (t) => {
  const file = fileWith(
    t,
    `import t from 'tap';
     t.test('a test', async (t) => { t.ok(true); t.ok(true, 'left out', { skip: 'no reason' }); });
     t.test('another', async (t) => t.equal(1, 2, 'an assertion'));`,
  );
  const result = await runGroup(aloneIn(file));
  t.match(result, { group: { name: file }, passed: 1, skipped: 1, output: /# Subtest: a test/ });
  t.match(result.failures, [{ path: `${file} > another > an assertion`, found: { diff: /-1/ } }]);
});

t.test('files of one process run one after the other, each with an end of its own', async (t) => {
  const file = (name: string) => `import { appendFileSync } from 'node:fs';
    import t from 'tap';
    const note = (text) => appendFileSync(new URL('notes', import.meta.url), '${name} ' + text + '\\n');
    t.teardown(() => note('ends'));
    note('begins');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await t.test('a test', async (t) => { note('tests'); t.equal('${name}', 'b', 'is b'); });
    t.test('another', async (t) => { note('tests on'); t.pass(); });`;
  const folder = t.testdir({ 'a.test.ts': file('a'), 'b.test.ts': file('b'), notes: '' });
  const [a, b] = [join(folder, 'a.test.ts'), join(folder, 'b.test.ts')];
  const group: Group = { name: folder, files: [a, b] };
  const { passed, failures } = await runGroup(group);
  t.equal(passed, 3);
  t.match(failures, [{ path: `${a} > a test > is b` }]);
  t.strictSame(
    readFileSync(join(folder, 'notes'), 'utf8').trim().split('\n'),
    ['a', 'b'].flatMap((name) => ['begins', 'tests', 'tests on', 'ends'].map((text) => `${name} ${text}`)),
  );
});

const FAILURES = [
  { name: 'a process that ends with another code', code: 'process.exitCode = 3;', found: { exitCode: 3 } },
  { name: 'an assertion that is planned and does not come', code: 't.plan(2);' },
  { name: 'a process that is killed', code: "process.kill(process.pid, 'SIGKILL');" },
  { name: 'an error that nothing catches', code: "setImmediate(() => { throw new Error('late'); });" },
  {
    name: 'an error that nothing catches while a test runs',
    code: `t.test('waits', async () => {
      setTimeout(() => { throw new Error('late'); }, 5);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    });`,
    found: { tapCaught: 'uncaughtException' },
    below: ' > waits > late',
  },
  {
    name: 'a rejection that nothing handles',
    code: `t.test('waits', async () => {
      void Promise.reject(new Error('unhandled'));
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    });`,
    found: { tapCaught: 'unhandledRejection' },
    below: ' > waits > unhandled',
  },
  { name: 'a file that cannot be loaded', code: "import './not-there.ts';", passed: 0 },
  { name: 'an error while a file is loaded', code: "throw new Error('early');" },
];

for (const { name, code, found, passed = 1, below = '' } of FAILURES)
  t.test(`${name} is a failure`, async (t) => {
    const file = fileWith(t, `import t from 'tap'; t.pass(); ${code}`);
    const result = await runGroup(aloneIn(file));
    t.equal(result.passed, passed);
    t.match(result.failures[0], {
      path: new RegExp(`^${RegExp.escape(file + below)}`),
      ...(found && { found }),
    });
  });

t.test('a file that does not end is a failure', async (t) => {
  const file = fileWith(t, `import t from 'tap'; t.test('hangs', () => { for (;;); });`);
  t.match((await runGroup(aloneIn(file), process.env, 1)).failures.at(-1)?.path, file);
});

t.test('a file that is skipped is counted', async (t) => {
  const file = fileWith(t, `import t from 'tap'; t.plan(0, 'nothing to do here');`);
  t.match(await runGroup(aloneIn(file)), { passed: 0, skipped: 1, failures: [] });
});
