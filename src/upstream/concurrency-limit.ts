import PQueue from 'p-queue';

const MIN_BETWEEN_REDUCTIONS_MILLISECONDS = 1_000;

/**
 * Limits the requests in flight at an upstream. The limit is halved when the upstream reports too many requests, and raised
 * by one after twenty times as many successes as the limit (additive increase, multiplicative decrease).
 */
export class ConcurrencyLimit {
  readonly #queue: PQueue;
  readonly #maximum: number;
  readonly #clock: () => number;
  #successes = 0;
  #loweredAt = Number.NEGATIVE_INFINITY;

  constructor(maximum: number, clock: () => number = Date.now) {
    this.#maximum = maximum;
    this.#clock = clock;
    this.#queue = new PQueue({ concurrency: maximum });
  }

  get current(): number {
    return this.#queue.concurrency;
  }

  get inFlight(): number {
    return this.#queue.pending;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /** Runs the task when a slot is free; a higher priority runs first. */
  run<T>(task: () => Promise<T>, priority: number): Promise<T> {
    return this.#queue.add(task, { priority });
  }

  /** Notes that the upstream reported too many requests. */
  lower(): void {
    const now = this.#clock();
    // Requests that were in flight together are refused together: they count once.
    if (now - this.#loweredAt < MIN_BETWEEN_REDUCTIONS_MILLISECONDS) return;
    this.#loweredAt = now;
    this.#successes = 0;
    this.#queue.concurrency = Math.max(1, Math.floor(this.current / 2));
  }

  /** Notes that a request succeeded. */
  succeeded(): void {
    if (this.current >= this.#maximum) return;
    this.#successes += 1;
    if (this.#successes < this.current * 20) return;
    this.#successes = 0;
    this.#queue.concurrency = this.current + 1;
  }
}
