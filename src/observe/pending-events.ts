import type { Outcome } from '../outcome.ts';

interface Pending {
  /** When commercetools made the change, in milliseconds since 1970. */
  readonly since: number;
  /** When it was last delivered to this instance, or failed here. */
  readonly seenAt: number;
}

/** The parts of an event that show its age. */
export interface PendingEvent {
  readonly identity: string;
  /** ISO 8601. */
  readonly occurredAt?: string | undefined;
}

const MAX_EVENTS = 10_000;
/** Pub/Sub waits 10 minutes at most before it delivers again: after twice that, another instance has done the event. */
const FORGET_MILLISECONDS = 1_200_000;
const BETWEEN_SWEEPS_MILLISECONDS = 60_000;

/**
 * The events that are not done, as far as this instance knows: in the queue, in flight, or failed and not yet seen done. How
 * far behind the sync is shows here also while nothing gets done.
 */
export class PendingEvents {
  readonly #pending = new Map<string, Pending>();
  readonly #limit: number;
  readonly #clock: () => number;
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(limit: number = MAX_EVENTS, clock: () => number = Date.now) {
    this.#limit = limit;
    this.#clock = clock;
  }

  get size(): number {
    return this.#pending.size;
  }

  add({ identity, occurredAt }: PendingEvent): void {
    const now = this.#clock();
    const occurred = occurredAt === undefined ? Number.NaN : Date.parse(occurredAt);
    const since =
      this.#pending.get(identity)?.since ?? (Number.isNaN(occurred) ? now : Math.min(occurred, now));
    // Deleted first, so that the map is ordered by the last attempt.
    this.#pending.delete(identity);
    if (this.#pending.size >= this.#limit) this.#makeRoom();
    this.#pending.set(identity, { since, seenAt: now });
  }

  /** A rejected event does not stay pending, because it can never work. */
  settle({ identity }: PendingEvent, { kind }: Pick<Outcome, 'kind'>, isDeadLettered: boolean): void {
    const pending = this.#pending.get(identity);
    if (!pending) return;
    if (kind === 'failed' && !isDeadLettered) {
      this.#pending.set(identity, { ...pending, seenAt: this.#clock() });
      return;
    }
    this.#pending.delete(identity);
    if (kind === 'done') this.#sweep();
  }

  /** The age of the oldest, in milliseconds; 0 where nothing is pending. */
  oldest(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const { since } of this.#pending.values()) oldest = Math.min(oldest, since);
    return Number.isFinite(oldest) ? Math.max(0, this.#clock() - oldest) : 0;
  }

  /** Forgets the younger of the two that were not seen for longest, so that the oldest of all stays. */
  #makeRoom(): void {
    const [first, second] = this.#pending;
    const younger = first && second && second[1].since > first[1].since ? second : first;
    if (younger) this.#pending.delete(younger[0]);
  }

  /** Only when something gets done: while nothing does, no other instance has done them either. */
  #sweep(): void {
    const now = this.#clock();
    if (now - this.#sweptAt < BETWEEN_SWEEPS_MILLISECONDS) return;
    this.#sweptAt = now;
    for (const [identity, { seenAt }] of this.#pending)
      if (now - seenAt > FORGET_MILLISECONDS) this.#pending.delete(identity);
  }
}
