import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './answer.ts';
import type { DeadLetters } from './dead-letter.ts';
import type { Event } from './event.ts';
import type { EventQueue, Job, Ticket } from './event-queue.ts';
import type { Log } from './log.ts';
import type { Outcome } from './outcome.ts';
import type { Received } from './receive.ts';

type Conclude = (outcome: Outcome, parked: boolean, late?: boolean) => Answer;

const PARK_TRIES = 3;
const PARK_PAUSE_MILLISECONDS = 250;

export interface RedeliveryOptions {
  /** As many events are kept at most. */
  readonly limit: number;
  /** How often an event is tried, the first time included. */
  readonly tries?: number;
  /** Doubled for each try after the second. */
  readonly firstWaitMilliseconds?: number;
  readonly log: Log;
}

/**
 * Stands in for Pub/Sub's redelivery with `ACKNOWLEDGE=received`: what fails is tried again from the queue with backoff, and
 * what is given up, or still unfinished at shutdown, is parked. A crash loses what it holds: that is the price of the mode.
 */
export class Redelivery {
  readonly #queue: EventQueue<Event>;
  readonly #deadLetters: DeadLetters;
  readonly #options: Required<RedeliveryOptions>;
  readonly #kept = new Map<Promise<void>, Received>();
  readonly #stopping = new AbortController();
  #giveUpAt = Number.POSITIVE_INFINITY;
  #lost = 0;

  constructor(queue: EventQueue<Event>, deadLetters: DeadLetters, options: RedeliveryOptions) {
    this.#queue = queue;
    this.#deadLetters = deadLetters;
    this.#options = { tries: 8, firstWaitMilliseconds: 1_000, ...options };
  }

  /** True when as many events are kept as the queue may hold. */
  get full(): boolean {
    return this.#kept.size >= this.#options.limit;
  }

  /** Sees an acknowledged event through. */
  keep(received: Received, job: Job<Event>, ticket: Ticket, conclude: Conclude): void {
    const kept = this.#see(received, job, ticket, conclude).finally(() => this.#kept.delete(kept));
    this.#kept.set(kept, received);
  }

  /**
   * Ends every wait, so that what is unfinished is parked, and waits for that, `milliseconds` at most. Returns how many
   * acknowledged events are lost since the start: each is logged by its identity, for there is no other trace of it.
   */
  async drain(milliseconds: number): Promise<number> {
    this.#giveUpAt = performance.now() + milliseconds;
    this.#stopping.abort();
    const timeIsUp = new AbortController();
    const all = Promise.all(this.#kept.keys()).finally(() => timeIsUp.abort());
    await Promise.race([all, sleep(milliseconds, undefined, { signal: timeIsUp.signal }).catch(() => {})]);
    for (const received of this.#kept.values()) this.#lose(received);
    return this.#lost;
  }

  async #see(received: Received, job: Job<Event>, ticket: Ticket, conclude: Conclude): Promise<void> {
    let outcome = await ticket.outcome;
    const { tries, firstWaitMilliseconds } = this.#options;
    for (let attempt = 1; outcome.kind === 'failed' && attempt < tries; attempt += 1) {
      const wait = Math.max(
        firstWaitMilliseconds * 2 ** (attempt - 1),
        (outcome.retryAfterSeconds ?? 0) * 1000,
      );
      await sleep(wait * (0.75 + Math.random() / 2), undefined, { signal: this.#stopping.signal }).catch(
        () => {},
      );
      if (this.#stopping.signal.aborted) break;
      const next = this.#queue.enqueue(job);
      if ('outcome' in next) outcome = await next.outcome;
    }
    if (outcome.kind !== 'failed' && outcome.kind !== 'rejected') {
      conclude(outcome, false);
      return;
    }
    const parked = await this.#park(received, outcome);
    // After the time of the drain it was logged already.
    if (!parked && performance.now() < this.#giveUpAt) this.#lose(received);
    conclude(outcome, parked);
  }

  #lose({ event, delivery }: Received): void {
    this.#lost += 1;
    const identity = event?.identity ?? 'an undecodable event';
    this.#options.log.error(
      { event: event?.identity, messageId: delivery.messageId },
      `${identity} is lost: it was acknowledged, and neither handled nor parked. Run customer-sync sync for its customer.`,
    );
  }

  /** Tries a few times; while it drains, as long as there is time. */
  async #park({ delivery, event, route }: Received, { reason, detail }: { reason: string; detail: string }) {
    for (let attempt = 1; attempt <= PARK_TRIES || this.#mayGoOn(); attempt += 1) {
      try {
        await this.#deadLetters.park(delivery, event, { reason, detail, route: route?.name });
        return true;
      } catch {
        // Logged where it happened; there is no other place left to put the event.
        await sleep(PARK_PAUSE_MILLISECONDS);
      }
    }
    return false;
  }

  #mayGoOn(): boolean {
    return this.#stopping.signal.aborted && performance.now() < this.#giveUpAt;
  }
}
