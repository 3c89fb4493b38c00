import { getEventListeners } from 'node:events';
import t from 'tap';
import { Deadline } from '../src/time-out.ts';
import { until } from './sandbox/until.ts';

const LONG = 3_600_000;

/** The number of timers that keep this process alive. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
}

t.test('aborts at the time-out, and reports that it expired', async (t) => {
  using deadline = new Deadline(10);
  t.equal(deadline.signal.aborted, false);
  t.equal(deadline.expired, false);
  t.ok(await until(() => deadline.signal.aborted));
  t.equal(deadline.expired, true);
});

t.test('aborts with the outer signal, and does not report that it expired', async (t) => {
  const outer = new AbortController();
  using deadline = new Deadline(LONG, outer.signal);
  t.equal(deadline.signal.aborted, false);
  outer.abort();
  t.equal(deadline.signal.aborted, true);
  t.equal(deadline.expired, false);
});

t.test('is aborted from the start if the outer signal is', async (t) => {
  using deadline = new Deadline(LONG, AbortSignal.abort());
  t.equal(deadline.signal.aborted, true);
  t.equal(deadline.expired, false);
});

t.test('does not change after it is disposed', async (t) => {
  const outer = new AbortController();
  const short = new Deadline(0, outer.signal);
  const later = new Deadline(0);
  short[Symbol.dispose]();
  t.ok(await until(() => later.expired));
  outer.abort();
  t.equal(short.signal.aborted, false);
  t.equal(short.expired, false);
});

t.test('keeps neither a timer nor a listener after it is disposed', async (t) => {
  const before = timers();
  const outer = new AbortController();
  const deadlines = Array.from({ length: 100 }, () => new Deadline(LONG, outer.signal));
  t.equal(timers(), before + 100);
  t.equal(getEventListeners(outer.signal, 'abort').length, 100);
  for (const deadline of deadlines) deadline[Symbol.dispose]();
  t.equal(timers(), before);
  t.equal(getEventListeners(outer.signal, 'abort').length, 0);
});
