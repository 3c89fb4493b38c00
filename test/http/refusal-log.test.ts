import t from 'tap';
import { RefusalLog } from '../../src/http/refusal-log.ts';
import { createLog } from '../../src/observe/log.ts';
import { until } from '../sandbox/until.ts';

function start() {
  const lines: Record<string, unknown>[] = [];
  const log = createLog('info', { write: (line) => lines.push(JSON.parse(line)) });
  return { lines, log, refusals: new RefusalLog(log) };
}

t.test('logs the first immediately, and then all others together', async (t) => {
  const { lines, log, refusals } = start();
  t.teardown(() => refusals.close());
  for (let count = 0; count < 1_000; count += 1)
    refusals.add('no-credentials', 401, log.child({ trace: String(count) }));
  t.match(lines, [{ severity: 'WARNING', reason: 'no-credentials', status: 401, refused: 1, trace: '0' }]);
  t.ok(await until(() => lines.length > 1));
  t.match(lines, [{}, { reason: 'no-credentials', status: 401, refused: 999, message: /^999 requests/ }]);
  t.equal(lines.length, 2);
});

t.test('counts each reason separately', async (t) => {
  const { lines, refusals } = start();
  for (const reason of ['wrong-token', 'queue-full', 'wrong-token', 'draining']) refusals.add(reason, 503);
  t.strictSame(
    lines.map(({ reason }) => reason),
    ['wrong-token', 'queue-full', 'draining'],
  );
  t.equal(lines[2]?.['severity'], 'INFO');
  refusals.close();
  t.match(lines.at(-1), { reason: 'wrong-token', refused: 1 });
  t.equal(lines.length, 4);
});

t.test('logs a later one too', async (t) => {
  const { lines, refusals } = start();
  t.teardown(() => refusals.close());
  for (let count = 1; count <= 3; count += 1) {
    refusals.add('queue-full', 503);
    t.ok(await until(() => lines.length === count));
  }
});
