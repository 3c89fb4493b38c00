import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import t from 'tap';
import { EventQueue, type Job, type QueueOptions, type Ticket } from '../../src/event-queue/event-queue.ts';
import { Failure, type Outcome } from '../../src/outcome.ts';
import { stopClock } from '../sandbox/clock.ts';

const DONE: Outcome = { kind: 'done', reason: 'test' };
const ROOMY: QueueOptions = { limit: 100, longestWaitMilliseconds: 60_000 };

interface Ran {
  readonly event: number;
  readonly key: string;
  finish(outcome?: Outcome): void;
  fail(error: unknown): void;
}

/** A queue whose runs are started in `runs` and end when the test ends them. */
function setUp(options: Partial<QueueOptions> = {}) {
  const queue = new EventQueue<number>({ ...ROOMY, ...options });
  const runs: Ran[] = [];

  function job(event: number, key: string, coalesceKey: string | undefined = 'current'): Job<number> {
    return {
      event,
      key,
      coalesceKey,
      newer: Math.max,
      run: (event) => {
        const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
        runs.push({ event, key, finish: (outcome = DONE) => resolve(outcome), fail: reject });
        return promise;
      },
    };
  }

  const take = (event: number, key: string, coalesceKey?: string) =>
    queue.enqueue(job(event, key, coalesceKey));
  const offer = (event: number, key: string) => offered(queue, job(event, key));
  return { queue, runs, job, offer, take, seen: () => runs.map(({ event }) => event) };
}

/** A ticket, or the error without one. */
function offered(queue: EventQueue<number>, job: Job<number>): Ticket | Failure {
  try {
    return queue.enqueue(job);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let turns = 0; turns < 1_000; turns += 1) {
    if (condition()) return;
    await turn();
  }
  throw new Error(`Expected ${what} within 1,000 turns of the event loop`);
}

t.test('starts a job immediately if its key is free', async (t) => {
  const { runs, take, queue } = setUp();
  const { outcome } = take(1, 'a');
  await until(() => runs.length === 1, 'the run to begin');
  t.equal(queue.inFlight, 1);
  runs[0]?.finish();
  t.same(await outcome, DONE);
  t.equal(queue.size, 0);
});

t.test('runs all keys concurrently', async (t) => {
  const { runs, take, queue } = setUp();
  for (const key of ['a', 'b', 'c', 'c']) take(1, key);
  await until(() => runs.length === 3, 'a run of each key');
  t.equal(queue.inFlight, 3);
  t.equal(queue.waiting, 1);
});

t.test('accepts as many events as its limit, and another when one is settled', async (t) => {
  const { runs, take, offer, queue } = setUp({ limit: 2 });
  const first = take(1, 'a');
  take(2, 'a');
  t.match(offer(3, 'b'), { reason: 'queue-full', retryAfterSeconds: 1 });
  t.equal(queue.size, 2);
  runs[0]?.finish();
  await first.outcome;
  t.ok('outcome' in offer(3, 'b'));
});

t.test('counts coalesced events towards the limit', async (t) => {
  const { take, offer } = setUp({ limit: 3 });
  for (const event of [1, 2, 3]) take(event, 'a');
  t.match(offer(4, 'a'), { reason: 'queue-full' });
});

t.test('never runs one key twice at the same time', async (t) => {
  const { runs, take } = setUp();
  take(1, 'a', 'one');
  take(2, 'a', 'other');
  await turn();
  t.equal(runs.length, 1);
  runs[0]?.finish();
  await until(() => runs.length === 2, 'the second run to begin');
});

t.test('runs once for all waiting events with the same key and coalesceKey', async (t) => {
  const { runs, take, seen } = setUp();
  take(1, 'a');
  const waiting = [3, 5, 4].map((event) => take(event, 'a'));
  runs[0]?.finish();
  await until(() => runs.length === 2, 'the shared run to begin');
  const shared: Outcome = { kind: 'done', reason: 'shared' };
  runs[1]?.finish(shared);
  const outcomes = await Promise.all(waiting.map(({ outcome }) => outcome));
  t.same(outcomes, [shared, shared, shared]);
  t.same(seen(), [1, 5], 'the newest event stands for the shared run');
});

t.test('the deadline of a coalesced run is the latest of its events', async (t) => {
  const cases: { deadlines: (number | undefined)[]; expected: number | undefined }[] = [
    { deadlines: [10], expected: 10 },
    { deadlines: [30, 10, 20], expected: 30 },
    { deadlines: [10, undefined], expected: undefined },
  ];
  for (const { deadlines, expected } of cases) {
    const { queue, runs, job, take } = setUp();
    take(1, 'a');
    const until: (number | undefined)[] = [];
    const run = (_event: number, deadline: number | undefined) => {
      until.push(deadline);
      return Promise.resolve(DONE);
    };
    const waiting = deadlines.map((deadline) => queue.enqueue({ ...job(2, 'a'), deadline, run }));
    runs[0]?.finish();
    await Promise.all(waiting.map(({ outcome }) => outcome));
    t.strictSame(until, [expected], String(deadlines));
  }
});

t.test('starts one more run for an event that arrives while its key runs', async (t) => {
  const { runs, take, seen } = setUp();
  const first = take(1, 'a');
  await until(() => runs.length === 1, 'the run to begin');
  const second = take(1, 'a');
  runs[0]?.finish();
  await first.outcome;
  await until(() => runs.length === 2, 'one more run');
  t.same(seen(), [1, 1]);
  runs[1]?.finish({ kind: 'done', reason: 'second' });
  t.match(await second.outcome, { reason: 'second' });
});

t.test('does not coalesce events of one key with different coalesceKeys', async (t) => {
  const { runs, take, seen } = setUp();
  take(1, 'a', 'x');
  take(2, 'a', 'y');
  take(3, 'a', 'x');
  take(4, 'a', 'x');
  for (let run = 0; run < 3; run += 1) {
    await until(() => runs.length === run + 1, `run ${run}`);
    runs[run]?.finish();
  }
  await turn();
  t.same(seen(), [1, 2, 4]);
});

t.test('runs each job without a coalesceKey, in the order of arrival', async (t) => {
  const { runs, job, queue, seen } = setUp();
  const tickets = [3, 1, 2].map((event) => queue.enqueue({ ...job(event, 'a'), coalesceKey: undefined }));
  for (const index of tickets.keys()) {
    await until(() => runs.length === index + 1, `run ${index}`);
    runs[index]?.finish();
  }
  await Promise.all(tickets.map(({ outcome }) => outcome));
  t.same(seen(), [3, 1, 2]);
});

t.test('skips a run whose events were all abandoned', async (t) => {
  const { runs, take, queue, seen } = setUp();
  take(1, 'a');
  const waiting = take(2, 'a', 'other');
  take(3, 'a');
  waiting.leaveOut();
  t.match(await waiting.outcome, { kind: 'failed', reason: 'out-of-time' });
  t.equal(queue.size, 2);
  runs[0]?.finish();
  await until(() => runs.length === 2, 'the next run');
  t.same(seen(), [1, 3]);
});

t.test('continues a run in flight whose events were abandoned', async (t) => {
  const { runs, take, queue } = setUp();
  const ticket = take(1, 'a');
  await until(() => runs.length === 1, 'the run to begin');
  ticket.leaveOut();
  t.equal(queue.size, 1);
  runs[0]?.finish();
  t.same(await ticket.outcome, DONE);
  ticket.leaveOut();
  t.equal(queue.size, 0, 'abandoning it again changes nothing');
});

t.test('keeps a coalesced run for the event that still waits', async (t) => {
  const { runs, take, seen, queue } = setUp();
  take(1, 'a');
  const [abandoned, kept] = [take(3, 'a'), take(2, 'a')];
  abandoned.leaveOut();
  abandoned.leaveOut();
  t.equal(queue.size, 2, 'abandoning twice counts once');
  runs[0]?.finish();
  await until(() => runs.length === 2, 'the run that is still wanted');
  t.same(seen(), [1, 2]);
  runs[1]?.finish();
  t.same(await kept.outcome, DONE);
});

t.test('adds an event to a waiting run that was abandoned', async (t) => {
  const { runs, take, seen } = setUp();
  take(1, 'a');
  take(2, 'a').leaveOut();
  const late = take(3, 'a');
  runs[0]?.finish();
  await until(() => runs.length === 2, 'the run to begin');
  t.same(seen(), [1, 3]);
  runs[1]?.finish();
  t.same(await late.outcome, DONE);
});

t.test('refuses events that would not finish in time, by the rate of finished events', async (t) => {
  const clock = { now: 0 };
  t.intercept(performance, 'now', { value: () => clock.now });
  const { queue, runs, offer, take } = setUp({ limit: 100, longestWaitMilliseconds: 8_000 });
  const finishOne = async () => {
    const { size } = queue;
    runs.shift()?.finish();
    await until(() => queue.size < size, 'an event to be finished');
  };
  for (let event = 0; event < 60; event += 1) take(event, `key-${event}`);
  t.ok('outcome' in offer(60, 'key-60'), 'its rate is not known yet');
  // From here on it finishes five events a second, and as many arrive.
  for (let event = 61; event < 161; event += 1) {
    clock.now += 200;
    await finishOne();
    if (queue.size < 39) take(event, `key-${event}`);
  }
  t.equal(queue.size, 39);
  t.equal(queue.busy, undefined, '39 take less than 8 s');
  t.match(
    queue.busyFor(4_500),
    { reason: 'wait-too-long' },
    'too long for a sender with a time-out of 4.5 s',
  );
  const more = Array.from({ length: 10 }, (_, event) => offer(event, `more-${event}`));
  t.match(more.at(-1), { reason: 'wait-too-long', retryAfterSeconds: 9 });
  t.ok(queue.size <= 46, `${queue.size} do not`);
  while (queue.size > 9) await finishOne();
  clock.now += 20_000;
  t.equal(queue.busy, undefined, 'a few are taken in, however long the others take');
});

t.test('converts everything that a run throws to an outcome, and continues', async (t) => {
  const unknown = { kind: 'failed', reason: 'unknown-error' };
  const cases: { name: string; run: () => Promise<Outcome>; expected: object }[] = [
    { name: 'rejects', run: () => Promise.reject(new TypeError('secret')), expected: unknown },
    {
      name: 'rejects with a Failure',
      run: () => Promise.reject(new Failure('later', 'Later.')),
      expected: { kind: 'failed', reason: 'later' },
    },
    {
      name: 'throws synchronously',
      run: () => {
        throw new TypeError('secret');
      },
      expected: unknown,
    },
  ];
  for (const { name, run, expected } of cases) {
    const { queue, job, runs, take } = setUp();
    const bad = queue.enqueue({ ...job(1, 'a'), run });
    const next = take(2, 'a');
    t.match(await bad.outcome, expected, name);
    t.notMatch(JSON.stringify(await bad.outcome), /secret/);
    await until(() => runs.length === 1, 'the next run of the key');
    runs[0]?.finish();
    t.same(await next.outcome, DONE);
    t.equal(queue.size, 0);
  }
});

t.test('drains: refuses new events and waits for the accepted ones', async (t) => {
  const { queue, runs, take, offer } = setUp();
  const [one, other] = [take(1, 'a'), take(2, 'a')];
  let drained = false;
  const draining = queue.drain(60_000).then(() => {
    drained = true;
  });
  t.match(offer(3, 'b'), { reason: 'draining' });
  runs[0]?.finish();
  await until(() => runs.length === 2, 'the run that waited');
  t.notOk(drained);
  runs[1]?.finish();
  await draining;
  t.same(await Promise.all([one.outcome, other.outcome]), [DONE, DONE]);
});

t.test('drains: gives up the remaining events after the grace period', async (t) => {
  const { queue, runs, take } = setUp();
  const tickets = [take(1, 'a'), take(2, 'a'), take(3, 'b')];
  await queue.drain(10);
  for (const { outcome } of tickets) t.match(await outcome, { kind: 'failed', reason: 'draining' });
  t.equal(queue.size, 0);
  for (const run of runs) run.finish();
  await until(() => queue.inFlight === 0, 'the runs in flight to end');
  t.equal(runs.length, 2, 'nothing begins after that');
  t.equal(queue.size, 0);
});

t.test('drains immediately when it is empty', async (t) => {
  const { queue } = setUp();
  stopClock(t);
  await queue.drain(30_000);
});

t.test('keeps no memory of 10,000 events', async (t) => {
  const queue = new EventQueue<number>({ ...ROOMY, limit: 10_000 });
  const runs: number[] = [];
  const tickets = Array.from({ length: 10_000 }, (_, event) =>
    queue.enqueue({
      event,
      key: `key-${event % 997}`,
      coalesceKey: event % 2 ? 'current' : undefined,
      newer: Math.max,
      run: async (event) => {
        runs.push(event);
        return DONE;
      },
    }),
  );
  for (const [index, ticket] of tickets.entries()) if (index % 7 === 0) ticket.leaveOut();
  await Promise.all(tickets.map(({ outcome }) => outcome));
  await until(() => queue.inFlight === 0, 'the last run to end');
  t.equal(queue.size, 0);
});

t.test('keeps its invariants for random events', async (t) => {
  const arrival = fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    coalesceKey: fc.constantFrom('x', 'y', undefined),
    turns: fc.nat(3),
    next: fc.constantFrom('wait', 'finish-first', 'finish-last', 'throw', 'abandon'),
  });
  const property = fc.asyncProperty(
    fc.array(arrival, { maxLength: 40 }),
    fc.integer({ min: 1, max: 20 }),
    async (arrivals, limit) => {
      const queue = new EventQueue<number>({ limit, longestWaitMilliseconds: 60_000 });
      const running = new Map<string, { end(failing: boolean): void }>();
      const begunAfter: { key: string; event: number }[] = [];
      const tickets: { ticket: Ticket; key: string; event: number; open: boolean; started: number }[] = [];
      const check = (holds: boolean, what: string) => {
        if (!holds) throw new Error(`Expected ${what}`);
      };

      for (const [event, { key, coalesceKey, turns, next }] of arrivals.entries()) {
        const open = tickets.filter((ticket) => ticket.open).length;
        const answer = offered(queue, {
          event,
          key,
          coalesceKey,
          newer: Math.max,
          run: (newest) => {
            check(!running.has(key), 'one run of a key at once');
            begunAfter.push({ key, event: newest });
            const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
            running.set(key, {
              end: (failing) => {
                running.delete(key);
                if (failing) reject(new Error('thrown'));
                else resolve({ kind: 'done', reason: String(newest) });
              },
            });
            return promise;
          },
        });
        check(answer instanceof Failure === open >= limit, 'a refusal only when the limit is reached');
        if (!(answer instanceof Failure)) {
          const entry = { ticket: answer, key, event, open: true, started: begunAfter.length };
          tickets.push(entry);
          void answer.outcome.then(() => {
            entry.open = false;
          });
        }
        if (next === 'abandon') tickets.at(-1)?.ticket.leaveOut();
        const ending = next === 'finish-last' ? [...running.values()].at(-1) : [...running.values()][0];
        if (next !== 'wait' && next !== 'abandon') ending?.end(next === 'throw');
        for (let left = turns + 1; left > 0; left -= 1) await turn();
        check(queue.size === tickets.filter((ticket) => ticket.open).length, 'size to count the unsettled');
      }

      while (running.size > 0) {
        for (const { end } of [...running.values()]) end(false);
        await turn();
      }
      await until(() => queue.inFlight === 0, 'the queue to be idle');
      check(queue.size === 0, 'an idle queue to hold nothing');
      for (const { ticket, key, event } of tickets) {
        const outcome = await ticket.outcome;
        if (outcome.kind !== 'done') continue;
        check(Number(outcome.reason) >= event, 'a run with this event or a newer one');
        check(arrivals[Number(outcome.reason)]?.key === key, 'a run of its own key');
      }
    },
  );
  await fc.assert(property, { numRuns: 60 });
  t.pass('60 sequences');
});
