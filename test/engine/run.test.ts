import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { z } from 'zod';
import { jobFor, type RunOptions } from '../../src/engine/run.ts';
import { EventQueue } from '../../src/event-queue/event-queue.ts';
import { defineHandler, type Event, type Handle, type Outcome } from '../../src/handler.ts';
import { createLog } from '../../src/observe/log.ts';
import { outcomeOf } from '../../src/outcome.ts';
import type { BoundRoute } from '../../src/router/bind-routes.ts';
import { stopClock } from '../sandbox/clock.ts';

const EVENT: Event = {
  identity: 'customer/one@1',
  kind: 'ResourceUpdated',
  resource: { typeId: 'customer', id: 'one', identifiers: {} },
  version: 1,
  deletion: false,
};
const LONG = 60_000;
const never = new Promise<never>(() => {});

/** Nothing below sends a request. */
const ACCOUNT: ReturnType<RunOptions['accountOf']> = {
  account: { projectKey: 'project', retailerId: '1' },
  commercetools: {
    readCustomer: () => never,
    readCustomerById: () => never,
    readVersion: () => never,
    get api(): never {
      throw new Error('No request is expected here.');
    },
    apiUntil: () => {
      throw new Error('No request is expected here.');
    },
  },
  fluent: {
    findCustomer: () => never,
    createCustomer: () => never,
    updateCustomer: () => never,
    request: () => never,
  },
  projects: new Map(),
};

interface Times {
  /** Milliseconds from now; undefined without a deadline. */
  readonly deadline?: number;
  readonly run?: number;
  readonly grace?: number;
}

/** Runs a handler like the queue. */
function run(handle: Handle, { deadline, run = LONG, grace = LONG }: Times) {
  const handler = defineHandler({
    description: 'A test.',
    props: z.object({}),
    readsCurrentState: false,
    create: () => handle,
  });
  const route: BoundRoute = {
    name: 'test',
    handlerName: 'test',
    fingerprint: 'f',
    resourceType: 'customer',
    handler: { name: 'test', handler, source: 'test.ts' },
    handle,
  };
  const latest = deadline === undefined ? undefined : performance.now() + deadline;
  const job = jobFor(EVENT, route, latest, {
    accountOf: () => ACCOUNT,
    runMilliseconds: run,
    graceMilliseconds: grace,
    log: createLog('silent'),
  });
  return job.run(EVENT, latest).catch(outcomeOf);
}

/** Ends when its signal aborts. */
const obedient: Handle = (_event, { signal }) =>
  new Promise((resolve) => {
    const done: Outcome = { kind: 'done', reason: 'aborted' };
    if (signal.aborted) resolve(done);
    else signal.addEventListener('abort', () => resolve(done));
  });

const CASES: { name: string; handle: Handle; times: Times; reason: string }[] = [
  { name: 'aborts a run at its deadline', handle: obedient, times: { deadline: 50 }, reason: 'aborted' },
  {
    name: 'aborts a run whose deadline is over',
    handle: obedient,
    times: { deadline: -50 },
    reason: 'aborted',
  },
  { name: 'aborts a run without a deadline', handle: obedient, times: { run: 50 }, reason: 'aborted' },
  {
    name: 'stops waiting for a run that ignores its signal',
    handle: () => never,
    times: { deadline: 20, grace: 30 },
    reason: 'out-of-time',
  },
  {
    name: 'lets work that was started before the deadline end after it',
    handle: async (event, context) => {
      const { reason } = await obedient(event, context);
      await new Promise(setImmediate);
      return { kind: 'done', reason: `${reason}, and ended` };
    },
    times: { deadline: 20 },
    reason: 'aborted, and ended',
  },
];

for (const { name, handle, times, reason } of CASES)
  t.test(name, async (t) => {
    const clock = stopClock(t);
    const outcome = run(handle, times);
    let isSettled = false;
    void outcome.then(() => {
      isSettled = true;
    });
    const due = times.run ?? Math.max(0, (times.deadline ?? 0) + (times.grace ?? 0));
    clock.pass(due - 1);
    await turn();
    t.equal(isSettled, false, `not before ${due} ms`);
    clock.pass(1);
    t.match(await outcome, { reason });
  });

t.test('coalesced events get their outcomes by their own versions', async (t) => {
  const started = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const handler = defineHandler({
    description: 'Handles version 2.',
    props: z.object({}),
    readsCurrentState: true,
    create: () => async () => ({ kind: 'done', reason: 'handled', version: 2 }),
  });
  const route: BoundRoute = {
    name: 'test',
    handlerName: 'test',
    fingerprint: 'f',
    resourceType: 'customer',
    handler: { name: 'test', handler, source: 'test.ts' },
    async handle() {
      started.resolve();
      await goOn.promise;
      return { kind: 'done', reason: 'handled', version: 2 };
    },
  };
  const queue = new EventQueue<Event>({ limit: 10, longestWaitMilliseconds: LONG });
  const enqueue = (version: number) =>
    queue.enqueue(
      jobFor({ ...EVENT, identity: `customer/one@${version}`, version }, route, undefined, {
        accountOf: () => ACCOUNT,
        runMilliseconds: LONG,
        graceMilliseconds: LONG,
        log: createLog('silent'),
      }),
    );
  const first = enqueue(1);
  await started.promise;
  // These wait for the first, and are then coalesced into one run.
  const waiting = [1, 2, Number.MAX_SAFE_INTEGER].map(enqueue);
  goOn.resolve();
  const outcomes = await Promise.all([first, ...waiting].map(({ outcome }) => outcome));
  t.match(outcomes, [
    { kind: 'done' },
    { kind: 'done' },
    { kind: 'done' },
    { kind: 'failed', reason: 'stale-read', detail: /version 9007199254740991 of customer one/ },
  ]);
});
