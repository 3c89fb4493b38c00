import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import { createMetrics } from '../../src/observe/metrics.ts';
import { combine, type ObservedOutcome, type Observer } from '../../src/observe/observer.ts';
import type { ServiceState } from '../../src/observe/state.ts';
import { until } from '../sandbox/until.ts';

const idle: ServiceState = {
  ready: true,
  oldestPendingMilliseconds: 0,
  queue: { events: 0, waiting: 0, limit: 10, runs: 0 },
  upstreams: [],
};
const done: ObservedOutcome = {
  outcome: 'done',
  reason: 'created',
  route: 'a-route',
  projectKey: 'project',
  resource: 'customer/1',
  version: 1,
  milliseconds: 20,
  lagMilliseconds: 400,
  deadLettered: false,
  late: false,
};

for (const loadAfter of [1, 1_000]) {
  t.test(`counts everything, loaded after ${loadAfter} observations`, async (t) => {
    const { observer, text } = createMetrics(loadAfter);
    for (let time = 0; time < 5; time += 1) observer.outcome(done);
    observer.outcome({
      ...done,
      outcome: 'rejected',
      reason: 'no-username',
      route: undefined,
      deadLettered: true,
    });
    const { body } = await text(idle);
    t.match(body, 'customer_sync_events_total{route="a-route",outcome="done",reason="created"} 5\n');
    t.match(body, 'customer_sync_events_total{route="none",outcome="rejected",reason="no-username"} 1\n');
    t.match(body, 'customer_sync_dead_letters_total{reason="no-username"} 1\n');
    t.match(body, 'customer_sync_event_lag_seconds_count 5\n');
    observer.outcome(done);
    t.match((await text(idle)).body, 'outcome="done",reason="created"} 6\n');
  });
}

t.test('bounds the number of reasons of a handler', async (t) => {
  const { observer, text } = createMetrics();
  for (let id = 0; id < 500; id += 1) observer.outcome({ ...done, reason: `customer-${id}` });
  observer.outcome({ ...done, reason: 'A sentence with ada@example.com' });
  const { body } = await text(idle);
  const series = body.split('\n').filter((line) => line.startsWith('customer_sync_events_total{'));
  t.equal(series.length, 101);
  t.match(body, 'reason="other"} 401\n');
  t.notMatch(body, 'ada@');
});

t.test('counts separately from other services in the process', async (t) => {
  const [one, other] = [createMetrics(), createMetrics()];
  one.observer.outcome(done);
  t.match((await one.text(idle)).body, 'customer_sync_push_duration_seconds_count 1\n');
  t.match((await other.text(idle)).body, 'customer_sync_push_duration_seconds_count 0\n');
});

t.test('has metrics of the process: processor time, memory, and lag of the event loop', async (t) => {
  const { text } = createMetrics();
  const sample = async (name: string) =>
    Number(new RegExp(`^${name} (\\S+)$`, 'm').exec((await text(idle)).body)?.[1]);
  await text(idle);
  const before = await sample('process_cpu_seconds_total');
  // The lag of the event loop is the time that the thread sleeps.
  const sleep = new Int32Array(new SharedArrayBuffer(4));
  await wait(20);
  Atomics.wait(sleep, 0, 0, 500);
  await wait(20);
  t.ok((await sample('nodejs_eventloop_lag_max_seconds')) >= 0.4, 'late since the last look');
  t.ok(await until(async () => (await sample('nodejs_eventloop_lag_max_seconds')) < 0.4), 'and not for ever');
  t.ok((await sample('process_cpu_seconds_total')) > before);
  t.ok((await sample('process_resident_memory_bytes')) > (await sample('nodejs_heap_size_used_bytes')));
  t.ok(Math.abs((await sample('process_start_time_seconds')) - performance.timeOrigin / 1000) < 2);
});

t.test('adds up upstreams with the same name', async (t) => {
  const upstream = { name: 'Fluent SHARED', inFlight: 2, waiting: 1, limit: 5, circuit: 'Open' } as const;
  const { text } = createMetrics();
  const state: ServiceState = { ...idle, upstreams: [upstream, { ...upstream, circuit: 'HalfOpen' }] };
  await text(state);
  const { body } = await text(state);
  t.match(body, 'customer_sync_upstream_requests_in_flight{upstream="Fluent SHARED"} 4\n');
  t.match(body, 'customer_sync_circuit_state{upstream="Fluent SHARED",state="open"} 1\n');
  t.match(body, 'customer_sync_circuit_state{upstream="Fluent SHARED",state="half-open"} 1\n');
  t.match(body, 'customer_sync_circuit_state{upstream="Fluent SHARED",state="closed"} 0\n');
});

t.test('an observer calls all others; without any, nothing is observed', async (t) => {
  const observed: string[] = [];
  const named = (name: string): Observer => ({
    pushAnswered: (status) => observed.push(`${name} pushAnswered ${status}`),
    pushRefused: (reason) => observed.push(`${name} pushRefused ${reason}`),
    outcome: ({ reason }) => observed.push(`${name} outcome ${reason}`),
    waited: (milliseconds) => observed.push(`${name} waited ${milliseconds}`),
    handled: (milliseconds) => observed.push(`${name} handled ${milliseconds}`),
    request: ({ operation }) => observed.push(`${name} request ${operation}`),
    blanked: (fields) => observed.push(`${name} blanked ${fields}`),
    circuit: (upstream, state) => observed.push(`${name} circuit ${upstream} ${state}`),
    tokenRenewed: (upstream, renewed) => observed.push(`${name} tokenRenewed ${upstream} ${renewed}`),
  });
  const both = combine(named('a'), named('b'));
  both?.pushAnswered(204);
  both?.pushRefused('queue-full');
  both?.outcome(done);
  both?.waited(1);
  both?.handled(2);
  both?.request({ upstream: 'u', operation: 'read', result: 'ok', milliseconds: 1, size: 1 });
  both?.blanked(['title', 'attributes.key']);
  both?.circuit('u', 'Open');
  both?.tokenRenewed('u', true);
  const calls = [
    'pushAnswered 204',
    'pushRefused queue-full',
    'outcome created',
    'waited 1',
    'handled 2',
    'request read',
    'blanked title,attributes.key',
    'circuit u Open',
    'tokenRenewed u true',
  ];
  t.strictSame(
    observed,
    calls.flatMap((call) => [`a ${call}`, `b ${call}`]),
  );
  const only = named('only');
  t.equal(combine(only, undefined), only);
  t.equal(combine(undefined, only), only);
  t.equal(combine(undefined, undefined), undefined);
});
