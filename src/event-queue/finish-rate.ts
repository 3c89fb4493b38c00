const SLOTS = 8;
/** The rate is known for about as many events as there were while it was measured. */
const MOST_GROWTH = 1.25;

interface Slot {
  finished: number;
  /** The sum of the queue's size over the time, in events × milliseconds. */
  area: number;
}

/**
 * Measures how many events a queue finishes a second, to tell how long one more would take.
 *
 * The queue's size is averaged over a window of slots, the rate over the later half of them. A queue that has just filled up
 * has hardly finished anything yet; that its average size is small tells that its rate is not known.
 */
export class FinishRate {
  readonly #slotMilliseconds: number;
  readonly #clock: () => number;
  readonly #slots: Slot[] = Array.from({ length: SLOTS }, () => ({ finished: 0, area: 0 }));
  #current: Slot = { finished: 0, area: 0 };
  #currentSince: number;
  #size = 0;
  #sizeSince: number;

  /** `clock` gives milliseconds. */
  constructor(windowMilliseconds: number, clock: () => number = () => performance.now()) {
    this.#slotMilliseconds = windowMilliseconds / SLOTS;
    this.#clock = clock;
    this.#currentSince = clock();
    this.#sizeSince = this.#currentSince;
  }

  /** Notes that an event was taken in. */
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

  /** Milliseconds until as many events are finished as there are now; 0 while that is not known. */
  get wait(): number {
    this.#advance();
    const inCurrent = this.#sizeSince - this.#currentSince;
    const area = this.#slots.reduce((sum, slot) => sum + slot.area, this.#current.area);
    const mean = area / (SLOTS * this.#slotMilliseconds + inCurrent);
    if (this.#size === 0 || this.#size > mean * MOST_GROWTH) return 0;
    const later = this.#slots.slice(SLOTS / 2);
    const finished = later.reduce((sum, slot) => sum + slot.finished, this.#current.finished);
    return (this.#size * (later.length * this.#slotMilliseconds + inCurrent)) / finished;
  }

  #advance(): void {
    const now = this.#clock();
    for (let end = this.#currentSince + this.#slotMilliseconds; now >= end; end += this.#slotMilliseconds) {
      this.#current.area += this.#size * (end - this.#sizeSince);
      this.#slots.push(this.#current);
      this.#slots.shift();
      this.#current = { finished: 0, area: 0 };
      this.#currentSince = end;
      this.#sizeSince = end;
    }
    this.#current.area += this.#size * (now - this.#sizeSince);
    this.#sizeSince = now;
  }
}
