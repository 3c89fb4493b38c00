const PARTS = 4;
const BUCKETS = PARTS * 25;

/**
 * How durations are spread, a slot of time at a time: counts in buckets that grow by a fifth, from a millisecond to nine
 * hours. A quantile is right to a tenth.
 */
export class Spread {
  readonly #counts: Uint32Array;

  constructor(slots: number) {
    this.#counts = new Uint32Array(slots * BUCKETS);
  }

  add(place: number, milliseconds: number): void {
    const bucket = Math.floor(Math.log2(Math.max(0, milliseconds) + 1) * PARTS);
    const index = place * BUCKETS + Math.min(BUCKETS - 1, bucket);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  clear(place: number): void {
    this.#counts.fill(0, place * BUCKETS, (place + 1) * BUCKETS);
  }

  /** The milliseconds that the share `quantile` (0 to 1) of all in these slots stays below; null where there is nothing. */
  quantile(places: readonly number[], quantile: number): number | null {
    const counts = new Array<number>(BUCKETS).fill(0);
    let all = 0;
    for (const place of places)
      for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
        const count = this.#counts[place * BUCKETS + bucket] ?? 0;
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
