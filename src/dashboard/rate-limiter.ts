/** Passes a number of calls each second. */
export class RateLimiter {
  readonly #perSecond: number;
  #second = 0;
  #passed = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** True if this call passes; `now` is in milliseconds since 1970. */
  passes(now: number): boolean {
    const second = Math.floor(now / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#passed = 0;
    }
    this.#passed += 1;
    return this.#passed <= this.#perSecond;
  }
}
