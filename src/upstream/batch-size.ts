const REMEMBERED_MILLISECONDS = 600_000;

/** How many keys one request may hold: fewer for ten minutes after an upstream has refused that many as too much. */
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

  /** Notes that a request for so many keys was refused; half of them is tried next. */
  refuse(keys: number): void {
    this.#current = Math.min(this.current, Math.max(1, Math.ceil(keys / 2)));
    this.#refusedAt = this.#clock();
  }

  /** The keys in requests of the current size. */
  split<Key>(keys: readonly Key[]): (readonly Key[])[] {
    const size = this.current;
    const count = Math.ceil(keys.length / size);
    return Array.from({ length: count }, (_, index) => keys.slice(index * size, (index + 1) * size));
  }
}
