import type { Event } from '../../src/handler.ts';

/** The minimum retry delay that the documentation requires, plus a little. */
const RETRY_MILLISECONDS = 10_001;

/** A message of the subscription, delivered like Pub/Sub may: twice at once, late, or again. */
export class Message {
  readonly event: Event;
  readonly #clock: { readonly now: number };
  #inFlight = 0;
  /** True if one of the overlapping deliveries has failed. */
  #spoilt = false;
  #acknowledged = false;
  #notBefore = 0;

  constructor(event: Event, clock: { readonly now: number }) {
    this.event = event;
    this.#clock = clock;
  }

  /** True if it must be delivered, now or at `notBefore`. */
  get open(): boolean {
    return !this.#acknowledged && this.#inFlight === 0;
  }

  /** True if it may be delivered now, although that is not necessary. */
  get due(): boolean {
    return this.#notBefore <= this.#clock.now;
  }

  /** The earliest time of the next delivery, on the model's clock. */
  get notBefore(): number {
    return this.#notBefore;
  }

  begin(): void {
    this.#inFlight += 1;
  }

  /**
   * A message that is delivered twice at once is acknowledged only when both deliveries succeed. The service does not promise
   * to survive that one acknowledges while the other crashes between its write and its check.
   */
  end(well: boolean): void {
    this.#inFlight -= 1;
    if (!well) {
      this.#spoilt = true;
      this.#notBefore = this.#clock.now + RETRY_MILLISECONDS;
    }
    if (this.#inFlight > 0) return;
    this.#acknowledged = !this.#spoilt;
    this.#spoilt = false;
  }
}
