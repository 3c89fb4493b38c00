import PQueue from 'p-queue';

const LOWER_AT_MOST_EVERY_MILLISECONDS = 1_000;

/**
 * How many requests may be in flight at an upstream: halved when it says that it is too many, raised again by one after
 * as many successes as would have fitted twenty times (additive increase, multiplicative decrease, as TCP does).
 */
export class Limit {
  readonly #queue: PQueue;
  readonly #most: number;
  readonly #clock: () => number;
  #successes = 0;
  #loweredAt = Number.NEGATIVE_INFINITY;

  constructor(most: number, clock: () => number = Date.now) {
    this.#most = most;
    this.#clock = clock;
    this.#queue = new PQueue({ concurrency: most });
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

  /** Runs the task when there is room; a higher priority goes first. */
  run<T>(task: () => Promise<T>, priority: number): Promise<T> {
    return this.#queue.add(task, { priority });
  }

  lower(): void {
    const now = this.#clock();
    // One burst of refusals is one message: the requests that it refused left together.
    if (now - this.#loweredAt < LOWER_AT_MOST_EVERY_MILLISECONDS) return;
    this.#loweredAt = now;
    this.#successes = 0;
    this.#queue.concurrency = Math.max(1, Math.floor(this.current / 2));
  }

  succeeded(): void {
    if (this.current >= this.#most) return;
    this.#successes += 1;
    if (this.#successes < this.current * 20) return;
    this.#successes = 0;
    this.#queue.concurrency = this.current + 1;
  }
}
