const PROOFS = 20;
const FRESH_MILLISECONDS = 2_000;
const PROVEN_FOR_MILLISECONDS = 3_600_000;
const DISTRUST_FOR_MILLISECONDS = 600_000;

/**
 * Whether a query may have the last word. commercetools does not document whether a query sees a write at once, so it has
 * to be seen: queries are trusted once they have shown customers that were changed less than 2 seconds before, twenty
 * times; and not for ten minutes after one has been seen to lag behind a read by id.
 *
 * Times are in milliseconds since 1970, as commercetools' own are.
 */
export class QueryTrust {
  readonly #clock: () => number;
  #proofs = 0;
  #provenAt = Number.NEGATIVE_INFINITY;
  #laggedAt = Number.NEGATIVE_INFINITY;

  constructor(clock: () => number = Date.now) {
    this.#clock = clock;
  }

  get trusted(): boolean {
    const now = this.#clock();
    return (
      this.#proofs >= PROOFS &&
      now - this.#provenAt < PROVEN_FOR_MILLISECONDS &&
      now - this.#laggedAt >= DISTRUST_FOR_MILLISECONDS
    );
  }

  /** A query has shown a customer that was last changed then. */
  shown(lastModifiedAt: string): void {
    const now = this.#clock();
    // So written, what is no date is no proof.
    if (!(Math.abs(now - Date.parse(lastModifiedAt)) <= FRESH_MILLISECONDS)) return;
    this.#proofs += 1;
    this.#provenAt = now;
  }

  /** A read by id has shown what a query had not. */
  lagged(): void {
    this.#laggedAt = this.#clock();
    this.#proofs = 0;
  }
}
