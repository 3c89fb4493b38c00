/** Lets the first few of each second pass. */
export class RateLimiter {
  readonly #aSecond: number;
  #second = 0;
  #passed = 0;

  constructor(aSecond: number) {
    this.#aSecond = aSecond;
  }

  /** `now` is in milliseconds since 1970. */
  passes(now: number): boolean {
    const second = Math.floor(now / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#passed = 0;
    }
    this.#passed += 1;
    return this.#passed <= this.#aSecond;
  }
}
