const BUCKETS = 8;
/** The measured rate is used only while the queue is at most this much larger than it was during the measurement. */
const MAX_GROWTH = 1.25;

interface Bucket {
  finished: number;
  /** The sum of the queue's size over the time, in events × milliseconds. */
  area: number;
}

/**
 * Measures how many events a queue finishes a second, to estimate how long one more would take.
 *
 * The queue's size is averaged over a window of time buckets, the rate over the later half of them. A queue that has just
 * filled up has finished hardly anything; its average size is small then, and its rate counts as unknown.
 */
export class FinishRate {
  readonly #bucketMilliseconds: number;
  readonly #clock: () => number;
  readonly #buckets: Bucket[] = Array.from({ length: BUCKETS }, () => ({ finished: 0, area: 0 }));
  #current: Bucket = { finished: 0, area: 0 };
  #currentSince: number;
  #size = 0;
  #sizeSince: number;

  /** `clock` gives milliseconds. */
  constructor(windowMilliseconds: number, clock: () => number = () => performance.now()) {
    this.#bucketMilliseconds = windowMilliseconds / BUCKETS;
    this.#clock = clock;
    this.#currentSince = clock();
    this.#sizeSince = this.#currentSince;
  }

  /** Notes that an event was added. */
  add(): void {
    this.#advance();
    this.#size += 1;
  }

  /** Notes that an event was finished. */
  finish(): void {
    this.#advance();
    this.#size -= 1;
    this.#current.finished += 1;
  }

  /** Milliseconds until as many events are finished as are in the queue now; 0 while the rate is unknown. */
  get wait(): number {
    this.#advance();
    const inCurrent = this.#sizeSince - this.#currentSince;
    const area = this.#buckets.reduce((sum, bucket) => sum + bucket.area, this.#current.area);
    const mean = area / (BUCKETS * this.#bucketMilliseconds + inCurrent);
    if (this.#size === 0 || this.#size > mean * MAX_GROWTH) return 0;
    const later = this.#buckets.slice(BUCKETS / 2);
    const finished = later.reduce((sum, bucket) => sum + bucket.finished, this.#current.finished);
    return (this.#size * (later.length * this.#bucketMilliseconds + inCurrent)) / finished;
  }

  #advance(): void {
    const now = this.#clock();
    for (
      let end = this.#currentSince + this.#bucketMilliseconds;
      now >= end;
      end += this.#bucketMilliseconds
    ) {
      this.#current.area += this.#size * (end - this.#sizeSince);
      this.#buckets.push(this.#current);
      this.#buckets.shift();
      this.#current = { finished: 0, area: 0 };
      this.#currentSince = end;
      this.#sizeSince = end;
    }
    this.#current.area += this.#size * (now - this.#sizeSince);
    this.#sizeSince = now;
  }
}
