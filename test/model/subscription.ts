import type { Event } from '../../src/handler.ts';

/** The subscription's minimum retry delay, which the documentation demands, and a moment. */
const RETRY_MILLISECONDS = 10_001;

/** A message of the subscription, delivered as Pub/Sub may: twice at once, late, again. */
export class Message {
  readonly event: Event;
  readonly #clock: { readonly now: number };
  #inFlight = 0;
  /** One of the deliveries that overlap has not ended well. */
  #spoilt = false;
  #acknowledged = false;
  #notBefore = 0;

  constructor(event: Event, clock: { readonly now: number }) {
    this.event = event;
    this.#clock = clock;
  }

  /** True when it must be delivered, now or at `notBefore`. */
  get open(): boolean {
    return !this.#acknowledged && this.#inFlight === 0;
  }

  /** True when it may be delivered now, even though it need not be. */
  get due(): boolean {
    return this.#notBefore <= this.#clock.now;
  }

  /** When it may be delivered again, on the model's clock. */
  get notBefore(): number {
    return this.#notBefore;
  }

  begin(): void {
    this.#inFlight += 1;
  }

  /**
   * A message that is delivered twice at once is acknowledged when both have ended well: that one of them acknowledges
   * while the other crashes between its write and its check is more than the service promises to survive.
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
