const PARTS = 4;
const BUCKETS = PARTS * 25;

/**
 * A histogram of durations for each time bucket. Its own buckets grow by a fifth each, from a millisecond to nine hours, so
 * a quantile is exact to a tenth.
 */
export class Histogram {
  readonly #counts: Uint32Array;

  constructor(timeBuckets: number) {
    this.#counts = new Uint32Array(timeBuckets * BUCKETS);
  }

  add(timeBucket: number, milliseconds: number): void {
    const bucket = Math.floor(Math.log2(Math.max(0, milliseconds) + 1) * PARTS);
    const index = timeBucket * BUCKETS + Math.min(BUCKETS - 1, bucket);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  clear(timeBucket: number): void {
    this.#counts.fill(0, timeBucket * BUCKETS, (timeBucket + 1) * BUCKETS);
  }

  /** The `quantile` (0 to 1) of all durations in these time buckets, in milliseconds; null if there are none. */
  quantile(timeBuckets: readonly number[], quantile: number): number | null {
    const counts = new Array<number>(BUCKETS).fill(0);
    let all = 0;
    for (const timeBucket of timeBuckets)
      for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
        const count = this.#counts[timeBucket * BUCKETS + bucket] ?? 0;
        counts[bucket] = (counts[bucket] ?? 0) + count;
        all += count;
      }
    if (all === 0) return null;
    let left = Math.max(1, Math.ceil(all * quantile));
    const bucket = counts.findIndex((count) => {
      left -= count;
      return left <= 0;
    });
    return Math.round((2 ** ((bucket + 0.5) / PARTS) - 1) * 10) / 10;
  }
}
