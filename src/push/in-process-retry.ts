import { setTimeout as sleep } from 'node:timers/promises';
import type { DeadLetters } from '../dead-letters/publish.ts';
import { type Busy, type EventQueue, type Job, QUEUE_BUSY } from '../event-queue/event-queue.ts';
import type { Event } from '../notification/event.ts';
import type { Log } from '../observe/log.ts';
import { Failure, type Outcome, outcomeOf } from '../outcome.ts';
import { timeOut } from '../time-out.ts';
import type { Conclusion, Received } from './respond.ts';

type Finish = (conclusion: Conclusion) => unknown;

/** Between attempts to publish a dead letter during the drain. */
const DRAIN_PAUSE_MILLISECONDS = 250;

export interface InProcessRetryOptions {
  /** Acknowledged events that are not finished, at most. */
  readonly limit: number;
  /** Attempts to handle an event, the first included; and then, attempts to publish its dead letter. */
  readonly maximumAttempts?: number;
  /** The backoff before the second attempt; doubled for each further one. */
  readonly initialIntervalMilliseconds?: number;
  readonly log: Log;
}

/** The acknowledged events that were not handled. */
export interface Unhandled {
  /** Events that were dead-lettered since the drain began. */
  readonly deadLettered: number;
  /** Events neither handled nor dead-lettered, since the start; each was logged by its identity. */
  readonly lost: number;
}

/**
 * Replaces Pub/Sub's redelivery with `ACKNOWLEDGE=received`. An event that fails is retried from the queue with backoff. After
 * the last attempt, or at the shutdown, a dead letter is published for it. A crash loses the events that are not finished.
 */
export class InProcessRetry {
  readonly #queue: EventQueue<Event>;
  readonly #deadLetters: DeadLetters;
  readonly #options: Required<InProcessRetryOptions>;
  readonly #unfinished = new Map<Promise<void>, Received>();
  readonly #stopping = new AbortController();
  #deadline = Number.POSITIVE_INFINITY;
  #deadLettered = 0;
  #lost = 0;

  constructor(queue: EventQueue<Event>, deadLetters: DeadLetters, options: InProcessRetryOptions) {
    this.#queue = queue;
    this.#deadLetters = deadLetters;
    this.#options = { maximumAttempts: 8, initialIntervalMilliseconds: 1_000, ...options };
  }

  /** Why no event is accepted now: there are as many as the queue may hold. */
  get busy(): Busy | undefined {
    if (this.#unfinished.size < this.#options.limit) return undefined;
    return { reason: 'queue-full', retryAfterSeconds: 1 };
  }

  /** Takes over an event, which is acknowledged as soon as this returns. Throws a `Failure` if it cannot. */
  keep(received: Received, job: Job<Event>, finish: Finish): void {
    const { busy } = this;
    if (busy) throw new Failure(busy.reason, QUEUE_BUSY, { retryAfterSeconds: busy.retryAfterSeconds });
    const { outcome } = this.#queue.enqueue(job);
    const work = this.#settle(received, job, outcome, finish).finally(() => this.#unfinished.delete(work));
    this.#unfinished.set(work, received);
  }

  /** Ends every backoff, publishes dead letters for the unfinished events, and waits `milliseconds` at most for that. */
  async drain(milliseconds: number): Promise<Unhandled> {
    this.#deadline = performance.now() + milliseconds;
    this.#stopping.abort();
    await timeOut(Promise.all(this.#unfinished.keys()), milliseconds, () => undefined);
    return this.abandon();
  }

  /** Stops waiting. The remaining events are lost, and logged by their identity, because nothing else records them. */
  abandon(): Unhandled {
    this.#deadline = Number.NEGATIVE_INFINITY;
    for (const received of this.#unfinished.values()) this.#lose(received);
    this.#unfinished.clear();
    return { deadLettered: this.#deadLettered, lost: this.#lost };
  }

  async #settle(received: Received, job: Job<Event>, first: Promise<Outcome>, finish: Finish): Promise<void> {
    let outcome = await first;
    const { maximumAttempts, initialIntervalMilliseconds } = this.#options;
    for (let attempt = 1; outcome.kind === 'failed' && attempt < maximumAttempts; attempt += 1) {
      const wait = Math.max(
        initialIntervalMilliseconds * 2 ** (attempt - 1),
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
    // An abandoned event has been logged as lost already.
    const isAbandoned = this.#deadline === Number.NEGATIVE_INFINITY;
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

  /** Publishes the dead letter, and retries with backoff; during the drain, as long as there is time. */
  async #deadLetter(
    { delivery, event, route }: Received,
    { reason, detail }: { reason: string; detail: string },
  ) {
    const { signal } = this.#stopping;
    const { maximumAttempts, initialIntervalMilliseconds } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#deadLetters.publish(delivery, event, { reason, detail, route: route?.name });
        return true;
      } catch {
        // `publish` has logged it; the next attempt is all that is left to do.
      }
      if (signal.aborted ? performance.now() >= this.#deadline : attempt >= maximumAttempts) return false;
      if (signal.aborted) await sleep(DRAIN_PAUSE_MILLISECONDS);
      else await this.#pause(initialIntervalMilliseconds * 2 ** (attempt - 1));
    }
  }

  /** Waits about that long, or until the drain. */
  async #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#stopping;
    await sleep(milliseconds * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => {});
  }
}
