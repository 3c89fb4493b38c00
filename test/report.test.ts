import { Readable } from 'node:stream';
import t from 'tap';
import { report } from './report.ts';

async function linesOf(tap: string) {
  const lines: string[] = [];
  const failed = await report(Readable.from([tap]), 'run.tap', (line) => lines.push(...line.split('\n')));
  return { failed, lines };
}

t.test('a run that passes is a line for each file, and how many passed', async (t) => {
  const { failed, lines } = await linesOf(`TAP version 14
# Subtest: test/one.test.ts
    # Subtest: a test
        ok 1 - an assertion
        ok 2 - another
        1..2
    ok 1 - a test
    ok 2 - left out # SKIP no reason
    1..2
ok 1 - test/one.test.ts # time=1234ms
1..1
`);
  t.equal(failed, false);
  t.strictSame(lines, ['ok        1.2 s  test/one.test.ts', '2 passed, 0 failed (1 skipped)']);
});

t.test('a run that fails ends with what failed, by its names', async (t) => {
  const { failed, lines } = await linesOf(`TAP version 14
# Subtest: test/one.test.ts
    # Subtest: a test
        ok 1 - an assertion
        not ok 2 - another
          ---
          diff: "-1 +2"
          ...
        1..2
    not ok 1 - a test
    1..1
not ok 1 - test/one.test.ts # time=1000ms
not ok 2 - test/two.test.ts # time=2000ms
  ---
  exitCode: 3
  ...
1..2
`);
  t.equal(failed, true);
  t.strictSame(lines, [
    'NOT OK    1.0 s  test/one.test.ts',
    'NOT OK    2.0 s  test/two.test.ts',
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
    '1 passed, 2 failed',
  ]);
});
