/**
 * A ring of time buckets of equal length, each with a number for every column. It keeps the latest `count` buckets in a fixed
 * amount of memory.
 *
 * Times are in milliseconds since 1970. If the clock is set back, the latest bucket is used.
 */
export class TimeBuckets<Column extends string> {
  readonly milliseconds: number;
  readonly count: number;
  readonly #columns: ReadonlyMap<Column, Float64Array>;
  readonly #onClear: (index: number) => void;
  #latest = -1;
  #first = -1;

  /** `onClear` is called with each index that is reused, so that data kept beside it can be cleared. */
  constructor(
    columns: readonly Column[],
    milliseconds: number,
    count: number,
    onClear: (index: number) => void = () => {},
  ) {
    this.#onClear = onClear;
    this.milliseconds = milliseconds;
    this.count = count;
    this.#columns = new Map(columns.map((column) => [column, new Float64Array(count)]));
  }

  /** Adds to the bucket that `now` falls in. */
  add(column: Column, now: number, amount = 1): void {
    const index = this.indexAt(now);
    const values = this.#columns.get(column);
    if (values) values[index] = (values[index] ?? 0) + amount;
  }

  /** Sets the bucket that `now` falls in to `amount`, if that is larger. */
  keepMaximum(column: Column, now: number, amount: number): void {
    const index = this.indexAt(now);
    const values = this.#columns.get(column);
    if (values && amount > (values[index] ?? 0)) values[index] = amount;
  }

  /** The index of the bucket that `now` falls in; older data at that index is cleared. */
  indexAt(now: number): number {
    const bucket = Math.floor(now / this.milliseconds);
    if (bucket > this.#latest) {
      if (this.#first < 0) this.#first = bucket;
      for (let next = Math.max(this.#latest + 1, bucket - this.count + 1); next <= bucket; next += 1)
        this.#clear(next % this.count);
      this.#latest = bucket;
    }
    return this.#latest % this.count;
  }

  /** The indexes of the latest `buckets` buckets since the start, oldest first. */
  indexes(now: number, buckets: number = this.count): number[] {
    this.indexAt(now);
    const from = Math.max(this.#first, this.#latest - Math.min(buckets, this.count) + 1);
    return Array.from({ length: this.#latest - from + 1 }, (_, index) => (from + index) % this.count);
  }

  /** When the oldest of the latest `buckets` buckets began. */
  since(now: number, buckets: number = this.count): number {
    const { length } = this.indexes(now, buckets);
    return (this.#latest - length + 1) * this.milliseconds;
  }

  /** A column of the latest `buckets` buckets, oldest first. */
  read(column: Column, now: number, buckets: number = this.count): number[] {
    const indexes = this.indexes(now, buckets);
    const values = this.#columns.get(column);
    return indexes.map((index) => values?.[index] ?? 0);
  }

  sum(column: Column, now: number, buckets: number = this.count): number {
    return this.read(column, now, buckets).reduce((sum, value) => sum + value, 0);
  }

  #clear(index: number): void {
    for (const values of this.#columns.values()) values[index] = 0;
    this.#onClear(index);
  }
}

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
