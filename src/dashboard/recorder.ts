import type { CircuitState, ObservedOutcome, ObservedRequest, Observer } from '../observe/observer.ts';
import { BlankedFields } from './blanked-fields.ts';
import { OutcomesByReason } from './outcomes-by-reason.ts';
import { RateLimiter } from './rate-limiter.ts';
import { RecentOutcomes } from './recent-outcomes.ts';
import { Histogram, TimeBuckets } from './time-buckets.ts';
import { UpstreamRequests } from './upstream-requests.ts';

const COLUMNS = [
  'pushes',
  'refused',
  'done',
  'ignored',
  'rejected',
  'failed',
  'deadLettered',
  'oldest',
  'queue',
  'waits',
  'waited',
  'runs',
  'handled',
] as const;
const BUCKET_MILLISECONDS = 5_000;
const HOUR_BUCKETS = 720;
const MINUTE_BUCKETS = 12;
const REASONS = 64;

/** How many of the last outcomes the page lists. */
export const RECENT = 500;

/** Ignored events beyond this number are counted, but not listed: a flood of them would push all others out of the list. */
export const IGNORED_LISTED_A_SECOND = 20;

/** A push that was refused before it was read; it is counted, but not listed. */
const REFUSED: Omit<ObservedOutcome, 'reason'> = {
  outcome: 'failed',
  route: undefined,
  projectKey: undefined,
  resource: undefined,
  version: undefined,
  milliseconds: 0,
  lagMilliseconds: undefined,
  deadLettered: false,
  late: false,
};

interface Renewal {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly renewed: boolean;
}

/** The data of the page's plots over the last hour: one number a time bucket and line, oldest first. */
export type History = ReturnType<Recorder['history']>;

/** The numbers of the last minute. */
export type Minute = ReturnType<Recorder['minute']>;

/** Records what the page shows, in a fixed amount of memory (about half a megabyte). An event costs about a microsecond. */
export class Recorder implements Observer {
  readonly recent = new RecentOutcomes(RECENT);
  readonly reasons = new OutcomesByReason(REASONS);
  readonly blankedFields = new BlankedFields();
  readonly requests = new UpstreamRequests();
  readonly #lags = new Histogram(HOUR_BUCKETS);
  readonly #buckets = new TimeBuckets(COLUMNS, BUCKET_MILLISECONDS, HOUR_BUCKETS, (index) =>
    this.#lags.clear(index),
  );
  readonly #circuits = new Map<string, CircuitState>();
  readonly #renewals = new Map<string, Renewal>();
  readonly #clock: () => number;
  readonly #listedIgnored = new RateLimiter(IGNORED_LISTED_A_SECOND);
  #events = 0;

  constructor(clock: () => number = Date.now) {
    this.#clock = clock;
  }

  pushAnswered(status: number): void {
    const now = this.#clock();
    this.#buckets.add('pushes', now);
    // Includes 401 and 403, which belong to no event.
    if (status >= 400) this.#buckets.add('refused', now);
  }

  pushRefused(reason: string): void {
    const now = this.#clock();
    this.#events += 1;
    this.#buckets.add('failed', now);
    this.reasons.add({ ...REFUSED, reason }, now);
  }

  outcome(outcome: ObservedOutcome): void {
    const now = this.#clock();
    this.#events += 1;
    if (outcome.outcome !== 'ignored' || this.#listedIgnored.passes(now)) this.recent.add(outcome, now);
    this.reasons.add(outcome, now);
    this.#buckets.add(outcome.outcome, now);
    if (outcome.deadLettered) this.#buckets.add('deadLettered', now);
    const lag = outcome.lagMilliseconds;
    if (lag === undefined) return;
    // Failed events count too: the lag must also show if no event is done at all.
    if (outcome.outcome === 'done' || outcome.outcome === 'failed')
      this.#buckets.keepMaximum('oldest', now, lag);
    if (outcome.outcome === 'done') this.#lags.add(this.#buckets.indexAt(now), lag);
  }

  waited(milliseconds: number): void {
    const now = this.#clock();
    this.#buckets.add('waits', now);
    this.#buckets.add('waited', now, milliseconds);
  }

  handled(milliseconds: number): void {
    const now = this.#clock();
    this.#buckets.add('runs', now);
    this.#buckets.add('handled', now, milliseconds);
  }

  request(request: ObservedRequest): void {
    this.requests.add(request, this.#clock());
  }

  blanked(fields: readonly string[]): void {
    const now = this.#clock();
    for (const field of fields) this.blankedFields.add(field, now);
  }

  circuit(upstream: string, state: CircuitState): void {
    this.#circuits.set(upstream, state);
  }

  tokenRenewed(upstream: string, renewed: boolean): void {
    this.#renewals.set(upstream, { at: this.#clock(), renewed });
  }

  /** Records how many events are in the queue; called about once a second. */
  recordQueueSize(size: number): void {
    this.#buckets.keepMaximum('queue', this.#clock(), size);
  }

  /** Events since the start. */
  get events(): number {
    return this.#events;
  }

  circuitOf(upstream: string): CircuitState {
    return this.#circuits.get(upstream) ?? 'Closed';
  }

  /** When a token was last requested, and whether that succeeded. */
  renewalOf(upstream: string): Renewal | null {
    return this.#renewals.get(upstream) ?? null;
  }

  /** The latest `buckets` buckets. Lags are null for buckets in which no event was done. */
  history(buckets: number = HOUR_BUCKETS) {
    const now = this.#clock();
    const indexes = this.#buckets.indexes(now, buckets);
    const read = (column: (typeof COLUMNS)[number]) => this.#buckets.read(column, now, buckets);
    const waits = read('waits');
    const oldest = read('oldest');
    // The estimate must not exceed the known maximum.
    const quantile = (fraction: number) =>
      indexes.map((bucket, index) => atMost(this.#lags.quantile([bucket], fraction), oldest[index] ?? 0));
    return {
      /** Milliseconds since 1970. */
      since: this.#buckets.since(now, buckets),
      bucketMilliseconds: BUCKET_MILLISECONDS,
      pushes: read('pushes'),
      done: read('done'),
      ignored: read('ignored'),
      rejected: read('rejected'),
      failed: read('failed'),
      queue: read('queue'),
      waited: read('waited').map((sum, index) => rounded(sum / Math.max(1, waits[index] ?? 0))),
      oldest: oldest.map((lag) => (lag > 0 ? lag : null)),
      lag50: quantile(0.5),
      lag95: quantile(0.95),
    };
  }

  /** Totals and averages; `seconds` is less than 60 after a start. */
  minute() {
    const now = this.#clock();
    const indexes = this.#buckets.indexes(now, MINUTE_BUCKETS);
    const oldest = Math.max(...this.#buckets.read('oldest', now, MINUTE_BUCKETS));
    const sum = (column: (typeof COLUMNS)[number]) => this.#buckets.sum(column, now, MINUTE_BUCKETS);
    return {
      seconds: Math.max(1, (now - this.#buckets.since(now, MINUTE_BUCKETS)) / 1000),
      pushes: sum('pushes'),
      refused: sum('refused'),
      done: sum('done'),
      ignored: sum('ignored'),
      rejected: sum('rejected'),
      failed: sum('failed'),
      deadLettered: sum('deadLettered'),
      handled: sum('runs') > 0 ? rounded(sum('handled') / sum('runs')) : null,
      waited: sum('waits') > 0 ? rounded(sum('waited') / sum('waits')) : null,
      lag50: atMost(this.#lags.quantile(indexes, 0.5), oldest),
      lag95: atMost(this.#lags.quantile(indexes, 0.95), oldest),
      oldest: oldest || null,
    };
  }
}

function atMost(lag: number | null, maximum: number): number | null {
  return lag === null ? null : Math.min(lag, maximum);
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
