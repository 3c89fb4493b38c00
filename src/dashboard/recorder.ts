import type { CircuitState, ObservedOutcome, ObservedRequest, Observer } from '../observe/observer.ts';
import { Spread } from './histogram.ts';
import { Reasons } from './outcomes-by-reason.ts';
import { Trickle } from './rate-limiter.ts';
import { Recent } from './recent-outcomes.ts';
import { Slots } from './time-buckets.ts';
import { Requests } from './upstream-requests.ts';

const COLUMNS = [
  'pushes',
  'refused',
  'done',
  'ignored',
  'rejected',
  'failed',
  'parked',
  'oldest',
  'queue',
  'waits',
  'waited',
  'runs',
  'handled',
] as const;
const SLOT_MILLISECONDS = 5_000;
const HOUR_SLOTS = 720;
const MINUTE_SLOTS = 12;
const REASONS = 64;

/** How many of the last outcomes the page lists. */
export const RECENT = 500;

/** A flood of what no route wants would push out of that list what somebody looks for: beyond this it is only counted. */
export const IGNORED_LISTED_A_SECOND = 20;

/** What is known of a push that was refused before it was read. It is counted, and not listed. */
const REFUSED: Omit<ObservedOutcome, 'reason'> = {
  outcome: 'failed',
  route: undefined,
  projectKey: undefined,
  resource: undefined,
  version: undefined,
  milliseconds: 0,
  lagMilliseconds: undefined,
  parked: false,
  late: false,
};

interface Renewal {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly renewed: boolean;
}

/** What the page draws over the last hour: a number a slot and line, oldest first. */
export type History = ReturnType<Recorder['history']>;

/** The last minute in numbers. */
export type Minute = ReturnType<Recorder['minute']>;

/** Remembers what the page shows, in memory of a fixed size (about half a megabyte); an event costs about a microsecond. */
export class Recorder implements Observer {
  readonly recent = new Recent(RECENT);
  readonly reasons = new Reasons(REASONS);
  readonly requests = new Requests();
  readonly #lags = new Spread(HOUR_SLOTS);
  readonly #slots = new Slots(COLUMNS, SLOT_MILLISECONDS, HOUR_SLOTS, (place) => this.#lags.clear(place));
  readonly #circuits = new Map<string, CircuitState>();
  readonly #renewals = new Map<string, Renewal>();
  readonly #clock: () => number;
  readonly #listedIgnored = new Trickle(IGNORED_LISTED_A_SECOND);
  #events = 0;

  constructor(clock: () => number = Date.now) {
    this.#clock = clock;
  }

  pushAnswered(status: number): void {
    const now = this.#clock();
    this.#slots.add('pushes', now);
    // 401, 403: nobody's event.
    if (status >= 400) this.#slots.add('refused', now);
  }

  pushRefused(reason: string): void {
    const now = this.#clock();
    this.#events += 1;
    this.#slots.add('failed', now);
    this.reasons.add({ ...REFUSED, reason }, now);
  }

  outcome(outcome: ObservedOutcome): void {
    const now = this.#clock();
    this.#events += 1;
    if (outcome.outcome !== 'ignored' || this.#listedIgnored.passes(now)) this.recent.add(outcome, now);
    this.reasons.add(outcome, now);
    this.#slots.add(outcome.outcome, now);
    if (outcome.parked) this.#slots.add('parked', now);
    const lag = outcome.lagMilliseconds;
    if (lag === undefined) return;
    // How far behind the failed ones are is known as well, and shows where nothing gets done.
    if (outcome.outcome === 'done' || outcome.outcome === 'failed') this.#slots.most('oldest', now, lag);
    if (outcome.outcome === 'done') this.#lags.add(this.#slots.at(now), lag);
  }

  waited(milliseconds: number): void {
    const now = this.#clock();
    this.#slots.add('waits', now);
    this.#slots.add('waited', now, milliseconds);
  }

  handled(milliseconds: number): void {
    const now = this.#clock();
    this.#slots.add('runs', now);
    this.#slots.add('handled', now, milliseconds);
  }

  request(request: ObservedRequest): void {
    this.requests.add(request, this.#clock());
  }

  circuit(upstream: string, state: CircuitState): void {
    this.#circuits.set(upstream, state);
  }

  tokenRenewed(upstream: string, renewed: boolean): void {
    this.#renewals.set(upstream, { at: this.#clock(), renewed });
  }

  /** Told now and then how many events are in the queue. */
  queued(size: number): void {
    this.#slots.most('queue', this.#clock(), size);
  }

  /** Events since the start. */
  get events(): number {
    return this.#events;
  }

  circuitOf(upstream: string): CircuitState {
    return this.#circuits.get(upstream) ?? 'Closed';
  }

  /** When a token was last asked for, and whether it was given. */
  renewalOf(upstream: string): Renewal | null {
    return this.#renewals.get(upstream) ?? null;
  }

  /** The latest `slots` slots. Lags are null where nothing was done. */
  history(slots: number = HOUR_SLOTS) {
    const now = this.#clock();
    const places = this.#slots.places(now, slots);
    const read = (column: (typeof COLUMNS)[number]) => this.#slots.read(column, now, slots);
    const waits = read('waits');
    const oldest = read('oldest');
    // An estimate must not be beyond what is known.
    const quantile = (share: number) =>
      places.map((place, index) => atMost(this.#lags.quantile([place], share), oldest[index] ?? 0));
    return {
      /** Milliseconds since 1970. */
      since: this.#slots.since(now, slots),
      slotMilliseconds: SLOT_MILLISECONDS,
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
    const places = this.#slots.places(now, MINUTE_SLOTS);
    const oldest = Math.max(...this.#slots.read('oldest', now, MINUTE_SLOTS));
    const sum = (column: (typeof COLUMNS)[number]) => this.#slots.sum(column, now, MINUTE_SLOTS);
    return {
      seconds: Math.max(1, (now - this.#slots.since(now, MINUTE_SLOTS)) / 1000),
      pushes: sum('pushes'),
      refused: sum('refused'),
      done: sum('done'),
      ignored: sum('ignored'),
      rejected: sum('rejected'),
      failed: sum('failed'),
      parked: sum('parked'),
      handled: sum('runs') > 0 ? rounded(sum('handled') / sum('runs')) : null,
      waited: sum('waits') > 0 ? rounded(sum('waited') / sum('waits')) : null,
      lag50: atMost(this.#lags.quantile(places, 0.5), oldest),
      lag95: atMost(this.#lags.quantile(places, 0.95), oldest),
      oldest: oldest || null,
    };
  }
}

function atMost(lag: number | null, most: number): number | null {
  return lag === null ? null : Math.min(lag, most);
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
