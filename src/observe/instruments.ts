import type * as Prometheus from 'prom-client';
import type { Observer } from './observer.ts';
import { BoundedLabels, type Count, type OutcomeCounter } from './outcome-counter.ts';
import { collectProcessMetrics } from './process-metrics.ts';
import type { ServiceState } from './state.ts';

const PREFIX = 'customer_sync_';
const FIELD = /^[\w.-]{1,100}$/;
const DURATION_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const LAG_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400];
const BATCH_CUSTOMERS = [1, 2, 5, 10, 20, 50, 100];

/** The metrics of one service, in their own registry. Operators depend on their names, units and labels. */
export interface Instruments {
  readonly registry: Prometheus.Registry;
  readonly observer: Omit<Observer, 'pushAnswered' | 'pushRefused'>;
  /** Sets the gauges, and the counters of responses by status and of outcomes. */
  set(state: ServiceState, answers: ReadonlyMap<number, number>, outcomes: readonly Readonly<Count>[]): void;
}

/** Creates the metrics; `reasons` bounds the reasons of dead letters. */
export function createInstruments(
  { Counter, Gauge, Histogram, Registry }: typeof Prometheus,
  reasons: Pick<OutcomeCounter, 'bounded'>,
): Instruments {
  const registry = new Registry();
  const names = new BoundedLabels(FIELD);
  const registers = [registry];
  const counter = <const Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter({ name: PREFIX + name, help, labelNames: [...labelNames], registers });
  const gauge = <const Label extends string = never>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ) => new Gauge({ name: PREFIX + name, help, labelNames: [...labelNames], registers });
  const histogram = <const Label extends string = never>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly Label[] = [],
  ) => new Histogram({ name: PREFIX + name, help, buckets, labelNames: [...labelNames], registers });

  const pushes = counter('pushes_total', 'Pushes, by the HTTP status of the answer.', ['status']);
  const events = counter('events_total', 'Events, by route, outcome and reason.', [
    'route',
    'outcome',
    'reason',
  ]);
  const deadLetters = counter('dead_letters_total', 'Dead letters published, by reason.', ['reason']);
  const pushSeconds = histogram(
    'push_duration_seconds',
    'From the arrival of a push to the outcome of its event, without ignored events.',
    DURATION_SECONDS,
  );
  const lagSeconds = histogram(
    'event_lag_seconds',
    "Age of an event when it is done, from commercetools' own time of the change.",
    LAG_SECONDS,
  );
  const waitSeconds = histogram(
    'queue_wait_duration_seconds',
    'How long runs waited for an earlier one of their resource.',
    DURATION_SECONDS,
  );
  const handlingSeconds = histogram(
    'handling_duration_seconds',
    'How long runs took, without their wait.',
    DURATION_SECONDS,
  );
  const requests = counter('upstream_requests_total', 'Requests to upstreams; every attempt counts.', [
    'upstream',
    'operation',
    'result',
  ]);
  const requestSeconds = histogram(
    'upstream_request_duration_seconds',
    'How long one attempt of a request took.',
    DURATION_SECONDS,
    ['upstream', 'operation'],
  );
  const batches = histogram(
    'upstream_batch_customers',
    'Customers in one request, without token requests.',
    BATCH_CUSTOMERS,
    ['upstream', 'operation'],
  );
  const blanks = counter(
    'blanked_fields_total',
    'Fields of Fluent customers that a write blanked, by name.',
    ['field'],
  );
  const circuitChanges = counter('circuit_changes_total', 'Changes of the circuit breakers, by new state.', [
    'upstream',
    'state',
  ]);
  const tokens = counter('token_renewals_total', 'Token requests, by result: ok or failed.', [
    'upstream',
    'result',
  ]);
  const ready = gauge('ready', '1 when this instance should be sent work.');
  const oldestPending = gauge(
    'oldest_pending_seconds',
    "Age of the oldest event that is not done as far as this instance knows, from commercetools' own time of the change; 0 when all are.",
  );
  const queueEvents = gauge('queue_events', 'Events in the queue, waiting or in flight.');
  const queueWaiting = gauge('queue_waiting_events', 'Of those, events whose run has not started.');
  const queueLimit = gauge('queue_limit_events', 'Events in the queue at most (QUEUE_LIMIT).');
  const queueRuns = gauge('queue_runs', 'Runs in flight.');
  const inFlight = gauge('upstream_requests_in_flight', 'Requests in flight.', ['upstream']);
  const waiting = gauge('upstream_requests_waiting', 'Requests that wait for a slot.', ['upstream']);
  const limit = gauge('upstream_requests_limit', 'Requests in flight at most, at present.', ['upstream']);
  const circuits = gauge('circuit_state', '1 for the state that the circuit breaker is in.', [
    'upstream',
    'state',
  ]);
  collectProcessMetrics({ Counter, Gauge }, registry);

  return {
    registry,
    observer: {
      outcome({ outcome, reason, milliseconds, lagMilliseconds, deadLettered }) {
        pushSeconds.observe(milliseconds / 1000);
        if (outcome === 'done' && lagMilliseconds !== undefined) lagSeconds.observe(lagMilliseconds / 1000);
        if (deadLettered) deadLetters.inc({ reason: reasons.bounded(reason) });
      },
      waited: (milliseconds) => waitSeconds.observe(milliseconds / 1000),
      handled: (milliseconds) => handlingSeconds.observe(milliseconds / 1000),
      request({ upstream, operation, result, milliseconds, size }) {
        requests.inc({ upstream, operation, result });
        requestSeconds.observe({ upstream, operation }, milliseconds / 1000);
        if (size > 0) batches.observe({ upstream, operation }, size);
      },
      blanked(fields) {
        for (const field of fields) blanks.inc({ field: names.bounded(field) });
      },
      circuit: (upstream, state) => circuitChanges.inc({ upstream, state: CODES[state] }),
      tokenRenewed: (upstream, renewed) => tokens.inc({ upstream, result: renewed ? 'ok' : 'failed' }),
    },
    set(state, answers, outcomes) {
      for (const counter of [pushes, events]) counter.reset();
      for (const [status, count] of answers) pushes.inc({ status }, count);
      for (const { labels, count } of outcomes) events.labels(...labels).inc(count);
      ready.set(state.ready ? 1 : 0);
      oldestPending.set(state.oldestPendingMilliseconds / 1000);
      queueEvents.set(state.queue.events);
      queueWaiting.set(state.queue.waiting);
      queueLimit.set(state.queue.limit);
      queueRuns.set(state.queue.runs);
      for (const each of [inFlight, waiting, limit, circuits]) each.reset();
      // Two accounts may have upstreams of the same name, each with its own limit and circuit.
      for (const { name: upstream, ...now } of state.upstreams) {
        inFlight.inc({ upstream }, now.inFlight);
        waiting.inc({ upstream }, now.waiting);
        limit.inc({ upstream }, now.limit);
        for (const [name, code] of Object.entries(CODES))
          circuits.inc({ upstream, state: code }, name === now.circuit ? 1 : 0);
      }
    },
  };
}

const CODES = { Closed: 'closed', Open: 'open', HalfOpen: 'half-open' } as const;
