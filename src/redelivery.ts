import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './answer.ts';
import type { DeadLetters } from './dead-letter.ts';
import type { Event } from './event.ts';
import type { EventQueue, Job, Ticket } from './event-queue.ts';
import type { Outcome } from './outcome.ts';
import type { Received } from './receive.ts';

type Conclude = (outcome: Outcome, parked: boolean, late?: boolean) => Answer;

const PARK_TRIES = 3;

export interface RedeliveryOptions {
  /** As many events are kept at most. */
  readonly limit: number;
  /** How often an event is tried, the first time included. */
  readonly tries?: number;
  /** Doubled for each try after the second. */
  readonly firstWaitMilliseconds?: number;
}

/**
 * Stands in for Pub/Sub's redelivery with `ACKNOWLEDGE=received`: what fails is tried again from the queue with backoff, and
 * what is given up, or still unfinished at shutdown, is parked. A crash loses what it holds: that is the price of the mode.
 */
export class Redelivery {
  readonly #queue: EventQueue<Event>;
  readonly #deadLetters: DeadLetters;
  readonly #options: Required<RedeliveryOptions>;
  readonly #kept = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

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
    this.#kept.add(kept);
  }

  /** Ends every wait, so that what is unfinished is parked; returns when all of it is. */
  async drain(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#kept);
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
    conclude(outcome, await this.#park(received, outcome));
  }

  async #park({ delivery, event, route }: Received, { reason, detail }: { reason: string; detail: string }) {
    for (let attempt = 1; attempt <= PARK_TRIES; attempt += 1) {
      try {
        await this.#deadLetters.park(delivery, event, { reason, detail, route: route?.name });
        return true;
      } catch {
        // Logged where it happened; there is no other place left to put the event.
      }
    }
    return false;
  }
}
