import type { ObservedOutcome } from '../observe/observer.ts';

/** One of the last outcomes, as the page lists it. */
export interface RecentOutcome extends ObservedOutcome {
  /** Counts the outcomes, from 1. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Keeps the last `length` outcomes. */
export class RecentOutcomes {
  readonly #length: number;
  readonly #outcomes: ObservedOutcome[] = [];
  readonly #times: number[] = [];
  #total = 0;

  constructor(length: number) {
    this.#length = length;
  }

  /** How many were added since the start. */
  get total(): number {
    return this.#total;
  }

  add(outcome: ObservedOutcome, now: number): void {
    const slot = this.#total % this.#length;
    this.#outcomes[slot] = outcome;
    this.#times[slot] = now;
    this.#total += 1;
  }

  /** The outcomes after the first `total`, as far as they are kept, oldest first. */
  after(total: number): RecentOutcome[] {
    const from = Math.max(total, this.#total - this.#length);
    return Array.from({ length: Math.max(0, this.#total - from) }, (_, index) => {
      const slot = (from + index) % this.#length;
      const outcome = this.#outcomes[slot];
      return outcome ? [{ number: from + index + 1, at: this.#times[slot] ?? 0, ...outcome }] : [];
    }).flat();
  }
}
