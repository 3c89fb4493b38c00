import { sendPush } from '../sandbox/push.ts';
import type { Random } from './random.ts';

/** The status codes that Pub/Sub treats as an acknowledgement. https://cloud.google.com/pubsub/docs/push#receive_push */
const ACKNOWLEDGES = new Set([102, 200, 201, 202, 204]);
const FIRST_WINDOW = 5;
const LARGEST_WINDOW = 1_000;

export interface PusherOptions {
  readonly endpoint: string;
  readonly ackDeadlineSeconds: number;
  readonly minimumBackoffSeconds: number;
  readonly maximumBackoffSeconds: number;
  readonly maxDeliveryAttempts: number;
  /** The probability of another delivery after the acknowledgement, because Pub/Sub delivers at least once. */
  readonly againProbability?: number;
  readonly random: Random;
  /**
   * The topic of the subscription's dead-letter policy, for messages that were not acknowledged in the maximum number of
   * attempts.
   */
  onDeadLetter(message: Message): void;
  onDelivery?(delivery: { readonly status: number; readonly milliseconds: number }): void;
}

export interface Message {
  readonly id: string;
  readonly data: string;
  readonly attributes: Readonly<Record<string, string>>;
}

interface Held extends Message {
  attempts: number;
  /** True if it was acknowledged before, and this is an additional delivery. */
  again: boolean;
}

/**
 * Pushes by Pub/Sub's documented rules: at least once, out of order; again after the ack deadline or a response other than a
 * success, with exponential backoff between two limits. The number of pushes at once starts small, grows with successes and
 * shrinks with failures (by how much is not documented: plus one, minus two here).
 */
export class Pusher {
  readonly #options: PusherOptions;
  readonly #due: Held[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #stopped = new AbortController();
  #window = FIRST_WINDOW;
  #inFlight = 0;
  #published = 0;
  #open = 0;

  constructor(options: PusherOptions) {
    this.#options = options;
  }

  /** The current maximum number of pushes in flight. */
  get window(): number {
    return this.#window;
  }

  /** Messages neither acknowledged nor dead-lettered. */
  get open(): number {
    return this.#open;
  }

  /** Accepts a message and returns its id; it is pushed as soon as the limit allows. */
  publish(data: string, attributes: Readonly<Record<string, string>> = {}): string {
    this.#published += 1;
    this.#open += 1;
    const id = String(this.#published);
    this.#due.push({ id, data, attributes, attempts: 0, again: false });
    this.#pump();
    return id;
  }

  stop(): void {
    this.#stopped.abort();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#due.length = 0;
  }

  #pump(): void {
    while (this.#inFlight < this.#window && this.#due.length > 0 && !this.#stopped.signal.aborted) {
      const [message] = this.#due.splice(this.#options.random.between(0, this.#due.length - 1), 1);
      if (message) void this.#deliver(message);
    }
  }

  async #deliver(message: Held): Promise<void> {
    const { endpoint, ackDeadlineSeconds, random, maxDeliveryAttempts } = this.#options;
    this.#inFlight += 1;
    message.attempts += 1;
    const startedAt = performance.now();
    const status = await sendPush(endpoint, message.data, {
      messageId: message.id,
      attributes: message.attributes,
      deliveryAttempt: message.attempts,
      signal: AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(ackDeadlineSeconds * 1000)]),
    }).then(
      (answer) => answer.status,
      () => 0,
    );
    this.#inFlight -= 1;
    if (this.#stopped.signal.aborted) return;
    this.#options.onDelivery?.({ status, milliseconds: performance.now() - startedAt });
    if (ACKNOWLEDGES.has(status)) {
      this.#window = Math.min(LARGEST_WINDOW, this.#window + 1);
      if (!message.again) this.#open -= 1;
      if (!message.again && random.chance(this.#options.againProbability ?? 0)) {
        message.again = true;
        this.#later(message);
      }
    } else {
      this.#window = Math.max(1, this.#window - 2);
      if (message.attempts < maxDeliveryAttempts) this.#later(message);
      else if (!message.again) {
        this.#open -= 1;
        this.#options.onDeadLetter(message);
      }
    }
    this.#pump();
  }

  #later(message: Held): void {
    const { minimumBackoffSeconds: least, maximumBackoffSeconds: most, random } = this.#options;
    const grown = Math.min(most, least * 2 ** (message.attempts - 1));
    const seconds = Math.max(least, grown * (0.75 + random.next() / 4));
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#due.push(message);
      this.#pump();
    }, seconds * 1000);
    this.#timers.add(timer);
  }
}
