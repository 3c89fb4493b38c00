import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { LONGEST, longestFirst } from './longest-first.ts';
import { runFile } from './run-file.ts';

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
  const result = await runFile(file);
  t.match(result, { file, passed: 1, skipped: 1, output: /# Subtest: a test/ });
  t.match(result.failures, [{ path: [file, 'another > an assertion'], found: { diff: /-1/ } }]);
});

const FAILURES = [
  { name: 'a process that ends with another code', code: 'process.exitCode = 3;', found: { exitCode: 3 } },
  { name: 'an assertion that is planned and does not come', code: 't.plan(2);' },
  { name: 'a process that is killed', code: "process.kill(process.pid, 'SIGKILL');" },
  { name: 'an error that nothing catches', code: "setImmediate(() => { throw new Error('late'); });" },
];

for (const { name, code, found } of FAILURES)
  t.test(`${name} is a failure`, async (t) => {
    const file = fileWith(t, `import t from 'tap'; t.pass(); ${code}`);
    const result = await runFile(file);
    t.equal(result.passed, 1);
    t.ok(result.failures.length > 0);
    t.match(result.failures[0], { path: [file], ...(found && { found }) });
  });

t.test('a file that does not end is a failure', async (t) => {
  const file = fileWith(t, `import t from 'tap'; t.test('hangs', () => { for (;;); });`);
  t.match((await runFile(file, process.env, 1)).failures.at(-1), { path: [file] });
});

t.test('a file that is skipped is counted', async (t) => {
  const file = fileWith(t, `import t from 'tap'; t.plan(0, 'nothing to do here');`);
  t.match(await runFile(file), { passed: 0, skipped: 1, failures: [] });
});

t.test('the longest begin first, and all of them exist', async (t) => {
  const [first = '', second = ''] = LONGEST;
  t.strictSame(longestFirst(['test/a.test.ts', second, 'test/b.test.ts', first]), [
    first,
    second,
    'test/a.test.ts',
    'test/b.test.ts',
  ]);
  for (const file of LONGEST) t.ok(existsSync(file), file);
});
