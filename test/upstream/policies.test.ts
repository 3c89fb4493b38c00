import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { UpstreamFault } from '../../src/upstream/fault.ts';
import { createRetry } from '../../src/upstream/retry.ts';
import { stopClock } from '../sandbox/clock.ts';

/** Fails once with a response of the upstream, and then succeeds. */
function failOnce(status: number, retryAfterSeconds?: number) {
  const counted = { tries: 0 };
  const result = createRetry().execute(() => {
    counted.tries += 1;
    const fault = UpstreamFault.ofStatus('Upstream', status, retryAfterSeconds);
    if (counted.tries === 1 && fault) throw fault;
    return 'fine';
  });
  return { counted, result };
}

for (const status of [429, 503])
  t.test(`after ${status}, waits for Retry-After plus up to 200 ms`, async (t) => {
    const clock = stopClock(t);
    const { counted, result } = failOnce(status, 1);
    await turn();
    clock.pass(999);
    await turn();
    t.equal(counted.tries, 1);
    clock.pass(201);
    t.equal(await result, 'fine');
    t.equal(counted.tries, 2);
  });

t.test('waits up to 200 ms without Retry-After', async (t) => {
  const clock = stopClock(t);
  const { counted, result } = failOnce(500);
  await turn();
  t.equal(counted.tries, 1);
  clock.pass(200);
  t.equal(await result, 'fine');
});
