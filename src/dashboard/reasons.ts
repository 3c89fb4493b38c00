import type { ObservedOutcome } from '../observer.ts';
import { Slots } from './slots.ts';

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
  readonly slots: Slots<'count'>;
  last: ObservedOutcome;
  lastAt: number;
}

const FIVE_MINUTES = 300_000;
const HOUR_SLOTS = 12;

/** Groups by outcome, reason and route. A handler's own reasons may be many: beyond `limit` the one longest not seen goes. */
export class Reasons {
  readonly #limit: number;
  readonly #groups = new Map<string, Group>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(outcome: ObservedOutcome, now: number): void {
    const key = `${outcome.outcome} ${outcome.reason} ${outcome.route}`;
    let group = this.#groups.get(key);
    if (!group) {
      if (this.#groups.size >= this.#limit) this.#forget();
      group = {
        first: outcome,
        slots: new Slots(['count'], FIVE_MINUTES, HOUR_SLOTS),
        last: outcome,
        lastAt: now,
      };
      this.#groups.set(key, group);
    }
    group.last = outcome;
    group.lastAt = now;
    group.slots.add('count', now);
  }

  /** Those of the last hour, the most frequent first. */
  read(now: number): ReasonGroup[] {
    return [...this.#groups.values()]
      .map(({ first, slots, last, lastAt }) => {
        const course = slots.read('count', now);
        return {
          outcome: first.outcome,
          reason: first.reason,
          route: first.route ?? null,
          count: course.reduce((sum, count) => sum + count, 0),
          course: [...new Array<number>(HOUR_SLOTS - course.length).fill(0), ...course],
          lastAt,
          resource: last.resource ?? null,
        };
      })
      .filter(({ count }) => count > 0)
      .sort((one, other) => other.count - one.count);
  }

  #forget(): void {
    const [oldest] = [...this.#groups].sort(([, one], [, other]) => one.lastAt - other.lastAt);
    if (oldest) this.#groups.delete(oldest[0]);
  }
}
