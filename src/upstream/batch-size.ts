const REMEMBERED_MILLISECONDS = 600_000;

/**
 * How many keys one request may hold. After an upstream refuses a request as too large, the number is halved for ten
 * minutes.
 */
export class BatchSize {
  readonly #most: number;
  readonly #clock: () => number;
  #current: number;
  #refusedAt = 0;

  constructor(most: number, clock: () => number = Date.now) {
    this.#most = most;
    this.#current = most;
    this.#clock = clock;
  }

  get current(): number {
    return this.#clock() - this.#refusedAt < REMEMBERED_MILLISECONDS ? this.#current : this.#most;
  }

  /** Notes that a request for this many keys was refused; the next ones hold half as many. */
  refuse(keys: number): void {
    this.#current = Math.min(this.current, Math.max(1, Math.ceil(keys / 2)));
    this.#refusedAt = this.#clock();
  }

  /** Splits the keys into requests of the current size. */
  split<Key>(keys: readonly Key[]): (readonly Key[])[] {
    const size = this.current;
    const count = Math.ceil(keys.length / size);
    return Array.from({ length: count }, (_, index) => keys.slice(index * size, (index + 1) * size));
  }
}
