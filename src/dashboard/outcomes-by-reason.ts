import type { ObservedOutcome } from '../observe/observer.ts';
import { TimeBuckets } from './time-buckets.ts';

/** The events with the same outcome, reason and route, over the last hour. */
export interface ReasonGroup {
  readonly outcome: ObservedOutcome['outcome'];
  readonly reason: string;
  readonly route: string | null;
  readonly count: number;
  /** The number in each five minutes, oldest first; the last one is still growing. */
  readonly course: readonly number[];
  /** Milliseconds since 1970. */
  readonly lastAt: number;
  /** The resource of the last event, as an example. */
  readonly resource: string | null;
}

interface Group {
  readonly first: ObservedOutcome;
  readonly buckets: TimeBuckets<'count'>;
  last: ObservedOutcome;
  lastAt: number;
}

const FIVE_MINUTES = 300_000;
const HOUR_BUCKETS = 12;

/**
 * Groups events by outcome, reason and route. Handlers may have many reasons: beyond `limit` the least recent group is
 * removed.
 */
export class OutcomesByReason {
  readonly #limit: number;
  /** A linear search over a few groups is faster than creating and hashing a key for each event. */
  readonly #groups: Group[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(outcome: ObservedOutcome, now: number): void {
    let group = this.#groups.find(({ first }) => isAlike(first, outcome));
    if (!group) {
      if (this.#groups.length >= this.#limit) this.#removeOldest();
      group = {
        first: outcome,
        buckets: new TimeBuckets(['count'], FIVE_MINUTES, HOUR_BUCKETS),
        last: outcome,
        lastAt: now,
      };
      this.#groups.push(group);
    }
    group.last = outcome;
    group.lastAt = now;
    group.buckets.add('count', now);
  }

  /** The groups of the last hour, the most frequent first. */
  read(now: number): ReasonGroup[] {
    return this.#groups
      .map(({ first, buckets, last, lastAt }) => {
        const course = buckets.read('count', now);
        return {
          outcome: first.outcome,
          reason: first.reason,
          route: first.route ?? null,
          count: course.reduce((sum, count) => sum + count, 0),
          course: [...new Array<number>(HOUR_BUCKETS - course.length).fill(0), ...course],
          lastAt,
          resource: last.resource ?? null,
        };
      })
      .filter(({ count }) => count > 0)
      .sort((one, other) => other.count - one.count);
  }

  #removeOldest(): void {
    const oldest = Math.min(...this.#groups.map(({ lastAt }) => lastAt));
    this.#groups.splice(
      this.#groups.findIndex(({ lastAt }) => lastAt === oldest),
      1,
    );
  }
}

function isAlike(one: ObservedOutcome, other: ObservedOutcome): boolean {
  return one.reason === other.reason && one.route === other.route && one.outcome === other.outcome;
}
