import { TimeBuckets } from './time-buckets.ts';

/** How often a field of Fluent customers was blanked in the last hour. */
export interface BlankedField {
  readonly field: string;
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly lastAt: number;
}

const FIELDS = 64;
const FIVE_MINUTES = 300_000;
const HOUR_BUCKETS = 12;

/** Counts blanked fields by name; beyond 64 names a new one is counted as `other`. */
export class BlankedFields {
  readonly #fields = new Map<string, { readonly buckets: TimeBuckets<'count'>; lastAt: number }>();

  add(field: string, now: number): void {
    const name = this.#fields.has(field) || this.#fields.size < FIELDS ? field : 'other';
    const counted = this.#fields.get(name) ?? {
      buckets: new TimeBuckets(['count'], FIVE_MINUTES, HOUR_BUCKETS),
      lastAt: now,
    };
    this.#fields.set(name, counted);
    counted.buckets.add('count', now);
    counted.lastAt = now;
  }

  /** Those of the last hour, the most frequent first. */
  read(now: number): BlankedField[] {
    return [...this.#fields]
      .map(([field, { buckets, lastAt }]) => ({ field, count: buckets.sum('count', now), lastAt }))
      .filter(({ count }) => count > 0)
      .sort((one, other) => other.count - one.count);
  }
}
