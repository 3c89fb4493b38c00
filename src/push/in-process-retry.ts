import { setTimeout as sleep } from 'node:timers/promises';
import type { DeadLetters } from '../dead-letters/publish.ts';
import { type Busy, type EventQueue, type Job, QUEUE_BUSY } from '../event-queue/event-queue.ts';
import type { Event } from '../notification/event.ts';
import type { Log } from '../observe/log.ts';
import { Failure, type Outcome, outcomeOf } from '../outcome.ts';
import { timeOut } from '../time-out.ts';
import type { Conclusion, Received } from './respond.ts';

type Finish = (conclusion: Conclusion) => unknown;

/** Between tries to dead-letter while it drains. */
const DRAIN_PAUSE_MILLISECONDS = 250;

export interface InProcessRetryOptions {
  /** As many events are kept at most. */
  readonly limit: number;
  /** How often an event is tried, the first time included; and then, how often its dead letter is tried. */
  readonly tries?: number;
  /** Doubled for each try after the second. */
  readonly firstWaitMilliseconds?: number;
  readonly log: Log;
}

/** What became of the acknowledged events that were not handled. */
export interface Unhandled {
  /** Events that were dead-lettered since the drain began. */
  readonly deadLettered: number;
  /** Events neither handled nor dead-lettered, since the start; each was logged by its identity. */
  readonly lost: number;
}

/**
 * Stands in for Pub/Sub's redelivery with `ACKNOWLEDGE=received`: what fails is tried again from the queue with backoff, and
 * what is given up, or still unfinished at shutdown, is dead-lettered. A crash loses what it holds: that is the price of the mode.
 */
export class InProcessRetry {
  readonly #queue: EventQueue<Event>;
  readonly #deadLetters: DeadLetters;
  readonly #options: Required<InProcessRetryOptions>;
  readonly #kept = new Map<Promise<void>, Received>();
  readonly #stopping = new AbortController();
  #giveUpAt = Number.POSITIVE_INFINITY;
  #deadLettered = 0;
  #lost = 0;

  constructor(queue: EventQueue<Event>, deadLetters: DeadLetters, options: InProcessRetryOptions) {
    this.#queue = queue;
    this.#deadLetters = deadLetters;
    this.#options = { tries: 8, firstWaitMilliseconds: 1_000, ...options };
  }

  /** Why no more events are kept now: there are as many as the queue may hold. */
  get busy(): Busy | undefined {
    if (this.#kept.size < this.#options.limit) return undefined;
    return { reason: 'queue-full', retryAfterSeconds: 1 };
  }

  /** Sees an event through that is acknowledged as soon as this returns; throws a `Failure` where it cannot be taken in. */
  keep(received: Received, job: Job<Event>, finish: Finish): void {
    const { busy } = this;
    if (busy) throw new Failure(busy.reason, QUEUE_BUSY, { retryAfterSeconds: busy.retryAfterSeconds });
    const { outcome } = this.#queue.enqueue(job);
    const kept = this.#see(received, job, outcome, finish).finally(() => this.#kept.delete(kept));
    this.#kept.set(kept, received);
  }

  /** Ends every wait, so that what is unfinished is dead-lettered, and waits for that, `milliseconds` at most. */
  async drain(milliseconds: number): Promise<Unhandled> {
    this.#giveUpAt = performance.now() + milliseconds;
    this.#stopping.abort();
    await timeOut(Promise.all(this.#kept.keys()), milliseconds, () => undefined);
    return this.abandon();
  }

  /** Waits no longer. What is kept is lost, and logged by its identity: there is no other trace of it. */
  abandon(): Unhandled {
    this.#giveUpAt = Number.NEGATIVE_INFINITY;
    for (const received of this.#kept.values()) this.#lose(received);
    this.#kept.clear();
    return { deadLettered: this.#deadLettered, lost: this.#lost };
  }

  async #see(received: Received, job: Job<Event>, first: Promise<Outcome>, finish: Finish): Promise<void> {
    let outcome = await first;
    const { tries, firstWaitMilliseconds } = this.#options;
    for (let attempt = 1; outcome.kind === 'failed' && attempt < tries; attempt += 1) {
      const wait = Math.max(
        firstWaitMilliseconds * 2 ** (attempt - 1),
        (outcome.retryAfterSeconds ?? 0) * 1000,
      );
      await this.#pause(wait);
      if (this.#stopping.signal.aborted) break;
      outcome = await this.#runAgain(job);
    }
    if (outcome.kind !== 'failed' && outcome.kind !== 'rejected') {
      finish({ outcome, isDeadLettered: false });
      return;
    }
    const isDeadLettered = await this.#deadLetter(received, outcome);
    // What was abandoned has been logged as lost already.
    const isAbandoned = this.#giveUpAt === Number.NEGATIVE_INFINITY;
    if (isDeadLettered && this.#stopping.signal.aborted) this.#deadLettered += 1;
    if (!isDeadLettered && !isAbandoned) this.#lose(received);
    finish({ outcome, isDeadLettered });
  }

  async #runAgain(job: Job<Event>): Promise<Outcome> {
    try {
      return await this.#queue.enqueue(job).outcome;
    } catch (error) {
      return outcomeOf(error);
    }
  }

  #lose({ event, delivery }: Received): void {
    this.#lost += 1;
    const identity = event?.identity ?? 'an undecodable event';
    this.#options.log.error(
      { event: event?.identity, messageId: delivery.messageId },
      `${identity} is lost: it was acknowledged, and neither handled nor dead-lettered. Run customer-sync sync for its customer.`,
    );
  }

  /** Tries with backoff; while it drains, as long as there is time. */
  async #deadLetter(
    { delivery, event, route }: Received,
    { reason, detail }: { reason: string; detail: string },
  ) {
    const { signal } = this.#stopping;
    const { tries, firstWaitMilliseconds } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#deadLetters.publish(delivery, event, { reason, detail, route: route?.name });
        return true;
      } catch {
        // Logged where it happened; there is no other place left to put the event.
      }
      if (signal.aborted ? performance.now() >= this.#giveUpAt : attempt >= tries) return false;
      if (signal.aborted) await sleep(DRAIN_PAUSE_MILLISECONDS);
      else await this.#pause(firstWaitMilliseconds * 2 ** (attempt - 1));
    }
  }

  /** Waits for about so long, or until the drain. */
  async #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#stopping;
    await sleep(milliseconds * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => {});
  }
}
