import type { ObservedOutcome } from '../observe/observer.ts';
import { TimeBuckets } from './time-buckets.ts';

/** What ended for the same reason on the same route, over the last hour. */
export interface ReasonGroup {
  readonly outcome: ObservedOutcome['outcome'];
  readonly reason: string;
  readonly route: string | null;
  readonly count: number;
  /** A number every five minutes, oldest first, the latest still growing. */
  readonly course: readonly number[];
  /** Milliseconds since 1970. */
  readonly lastAt: number;
  /** The last one: where to begin to look. */
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

/** Groups by outcome, reason and route. A handler's own reasons may be many: beyond `limit` the one longest not seen goes. */
export class OutcomesByReason {
  readonly #limit: number;
  /** Few, and one after the other is quicker than a key to make and hash for each event. */
  readonly #groups: Group[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(outcome: ObservedOutcome, now: number): void {
    let group = this.#groups.find(({ first }) => isAlike(first, outcome));
    if (!group) {
      if (this.#groups.length >= this.#limit) this.#forget();
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

  /** Those of the last hour, the most frequent first. */
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

  #forget(): void {
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
