import { readFile } from 'node:fs/promises';
import t from 'tap';
import { BlankedFields } from '../../src/dashboard/blanked-fields.ts';
import { OutcomesByReason } from '../../src/dashboard/outcomes-by-reason.ts';
import { IGNORED_LISTED_A_SECOND, RECENT, Recorder } from '../../src/dashboard/recorder.ts';
import type { ObservedOutcome } from '../../src/observe/observer.ts';

const START = 1_700_000_000_000;

function outcome(more: Partial<ObservedOutcome> = {}): ObservedOutcome {
  return {
    outcome: 'done',
    reason: 'updated',
    route: 'route',
    projectKey: 'project',
    resource: 'customer/1',
    version: 1,
    milliseconds: 10,
    lagMilliseconds: 20,
    deadLettered: false,
    late: false,
    ...more,
  };
}

function recording() {
  const time = { now: START };
  return { time, recorder: new Recorder(() => time.now) };
}

t.test('counts blanked fields by name, over the last hour', async (t) => {
  const blanks = new BlankedFields();
  blanks.add('title', START);
  for (const at of [1, 2]) blanks.add('firstName', START + at);
  t.strictSame(blanks.read(START + 3), [
    { field: 'firstName', count: 2, lastAt: START + 2 },
    { field: 'title', count: 1, lastAt: START },
  ]);
  for (let field = 0; field < 100; field += 1) blanks.add(`attributes.a${field}`, START + 4);
  const read = blanks.read(START + 4);
  t.match(read[0], { field: 'other', count: 38 });
  t.equal(read.length, 65);
  t.strictSame(blanks.read(START + 3_700_000), []);
});

t.test('counts outcomes in the bucket that they fall in, and knows nothing of the time before', async (t) => {
  const { time, recorder } = recording();
  recorder.outcome(outcome());
  time.now += 5_000;
  recorder.outcome(outcome({ outcome: 'rejected', reason: 'undecodable' }));
  recorder.outcome(outcome({ outcome: 'failed', reason: 'deadline', lagMilliseconds: 9_000 }));
  time.now += 5_000;
  const history = recorder.history();
  t.equal(history.since, START);
  t.strictSame(history.done, [1, 0, 0]);
  t.strictSame(history.rejected, [0, 1, 0]);
  t.strictSame(history.failed, [0, 1, 0]);
  t.strictSame(history.oldest, [20, 9_000, null]);
  t.match(history.lag50, [Number, null, null]);
});

t.test('counts pushes that were refused unread, and does not list them', async (t) => {
  const { time, recorder } = recording();
  recorder.pushRefused('queue-full');
  recorder.pushRefused('queue-full');
  t.match(recorder.minute(), { failed: 2 });
  t.match(recorder.reasons.read(time.now), [{ outcome: 'failed', reason: 'queue-full', count: 2 }]);
  t.equal(recorder.recent.total, 0);
});

t.test('keeps an hour and no more, however long it runs and however quiet it was', async (t) => {
  const { time, recorder } = recording();
  for (let bucket = 0; bucket < 2_000; bucket += 1) {
    recorder.outcome(outcome());
    time.now += 5_000;
  }
  t.equal(recorder.history().done.length, 720);
  t.equal(
    recorder.history().done.reduce((sum, count) => sum + count),
    719,
    'the latest bucket is still empty',
  );
  time.now += 7_200_000;
  t.equal(
    recorder.history().done.reduce((sum, count) => sum + count),
    0,
  );
  t.ok(recorder.history().lag95.every((lag) => lag === null));
});

t.test('goes on in the latest bucket when the clock is set back', async (t) => {
  const { time, recorder } = recording();
  recorder.outcome(outcome());
  time.now -= 60_000;
  recorder.outcome(outcome());
  t.strictSame(recorder.history().done, [2]);
});

t.test('tells the lag to a tenth', async (t) => {
  const { recorder } = recording();
  for (let lag = 1; lag <= 1_000; lag += 1) recorder.outcome(outcome({ lagMilliseconds: lag }));
  const { lag50, lag95 } = recorder.minute();
  t.ok(lag50 !== null && Math.abs(lag50 - 500) < 50, `got ${lag50}`);
  t.ok(lag95 !== null && Math.abs(lag95 - 950) < 95, `got ${lag95}`);
});

t.test('keeps the last outcomes and numbers them', async (t) => {
  const { recorder } = recording();
  for (let version = 1; version <= RECENT + 3; version += 1) recorder.outcome(outcome({ version }));
  const all = recorder.recent.after(0);
  t.equal(all.length, RECENT);
  t.match(all[0], { number: 4, version: 4 });
  t.match(recorder.recent.after(RECENT + 1), [{ version: RECENT + 2 }, { version: RECENT + 3 }]);
  t.strictSame(recorder.recent.after(RECENT + 3), []);
});

t.test('lists a flood of ignored events in part, and counts all of it', async (t) => {
  const { time, recorder } = recording();
  const flood = 50;
  for (let event = 0; event < flood; event += 1) recorder.outcome(outcome({ outcome: 'ignored' }));
  recorder.outcome(outcome());
  t.equal(recorder.recent.total, IGNORED_LISTED_A_SECOND + 1);
  t.equal(recorder.minute().ignored, flood);
  t.equal(recorder.events, flood + 1);
  time.now += 1_000;
  recorder.outcome(outcome({ outcome: 'ignored' }));
  t.equal(recorder.recent.total, IGNORED_LISTED_A_SECOND + 2, 'the next second has room again');
  const page = await readFile('src/dashboard/page/index.html', 'utf8');
  t.ok(page.includes(`the first ${IGNORED_LISTED_A_SECOND} of each second`), 'as the page says');
});

t.test('groups by reason, forgets after an hour, and is bounded', async (t) => {
  const reasons = new OutcomesByReason(2);
  reasons.add(outcome({ reason: 'a' }), START);
  reasons.add(outcome({ reason: 'b', resource: 'customer/2' }), START + 1);
  reasons.add(outcome({ reason: 'b', resource: 'customer/3' }), START + 2);
  t.match(reasons.read(START + 3), [
    { reason: 'b', count: 2, resource: 'customer/3', lastAt: START + 2 },
    { reason: 'a', count: 1 },
  ]);
  reasons.add(outcome({ reason: 'c' }), START + 4);
  t.strictSame(
    reasons.read(START + 4).map(({ reason }) => reason),
    ['b', 'c'],
  );
  t.strictSame(reasons.read(START + 3_700_000), []);
});

t.test('tells requests apart by upstream and operation, for a minute', async (t) => {
  const { time, recorder } = recording();
  const request = { upstream: 'Fluent A', operation: 'write', milliseconds: 10, size: 4 } as const;
  recorder.request({ ...request, result: 'ok' });
  recorder.request({ ...request, result: 'throttled', milliseconds: 30, size: 2 });
  recorder.request({ ...request, result: 'declined', milliseconds: 20, size: 3 });
  t.strictSame(recorder.requests.read('Fluent A', time.now), [
    { operation: 'write', requests: 3, faults: 1, milliseconds: 20, size: 3 },
  ]);
  t.match(recorder.requests.read('Fluent A', time.now + 61_000), [{ requests: 0, milliseconds: null }]);
  t.strictSame(recorder.requests.read('Fluent B', time.now), []);
});
