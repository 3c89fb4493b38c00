import t from 'tap';
import { aloneIn } from './groups.ts';
import { lineOf, summary } from './report.ts';
import type { GroupResult } from './run-group.ts';

const passes: GroupResult = {
  group: aloneIn('test/one.test.ts'),
  seconds: 1.234,
  passed: 2,
  skipped: 1,
  failures: [],
  output: '',
};

t.test('a run that passes is a line for each group, and how many passed', async (t) => {
  const folder = { name: 'test/push', files: ['test/push/a.test.ts', 'test/push/b.test.ts'] } as const;
  t.equal(lineOf(passes), 'ok        1.2 s  test/one.test.ts');
  t.equal(lineOf({ ...passes, group: folder }), 'ok        1.2 s  test/push (2 files)');
  t.equal(summary([passes], 'run.tap'), '2 passed, 0 failed (1 skipped)');
});

t.test('a run that fails ends with what failed, by its names', async (t) => {
  const one: GroupResult = {
    ...passes,
    seconds: 1,
    passed: 1,
    skipped: 0,
    failures: [{ path: 'test/one.test.ts > a test > another', found: { diff: '-1 +2' } }],
  };
  const two: GroupResult = {
    ...one,
    group: aloneIn('test/two.test.ts'),
    passed: 0,
    failures: [{ path: 'test/two.test.ts', found: { exitCode: 3 } }],
  };
  t.strictSame([one, two].map(lineOf), [
    'NOT OK    1.0 s  test/one.test.ts',
    'NOT OK    1.0 s  test/two.test.ts',
  ]);
  t.strictSame(summary([passes, one, two], 'run.tap').split('\n'), [
    '',
    'FAILED test/one.test.ts > a test > another',
    '  diff: -1 +2',
    '',
    'FAILED test/two.test.ts',
    '  exitCode: 3',
    '',
    'Failed; all that was said is in run.tap:',
    '  test/one.test.ts > a test > another',
    '  test/two.test.ts',
    '3 passed, 2 failed (1 skipped)',
  ]);
});

t.test('of what was found, forty lines are shown', async (t) => {
  const found = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`k${index}`, index]));
  const failing = { ...passes, failures: [{ path: 'test/one.test.ts', found }] };
  t.match(summary([failing], 'run.tap'), / {2}k39: 39\n {2}… and 20 lines more\n/);
});
