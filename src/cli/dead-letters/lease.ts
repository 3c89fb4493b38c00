import { type DeadLetter, readDeadLetter } from '../../dead-letters/read.ts';
import { type Google, requestGoogle } from '../google/client.ts';
import { sendAckIds } from './ack-ids.ts';

/** Dead letters that Pub/Sub delivers to no other consumer while the lease lasts. */
export interface Lease {
  readonly letters: readonly DeadLetter[];
  /** True when the subscription may hold more dead letters than were pulled. */
  readonly more: boolean;
  /**
   * Acknowledges the letters permanently, and returns those that Pub/Sub accepted: none after the end of the lease. Most
   * subscriptions accept a late acknowledgement without an error, which only `findAgain` detects.
   */
  acknowledge(letters: readonly DeadLetter[]): Promise<readonly DeadLetter[]>;
  /** Looks for acknowledged letters on the subscription, 10 s at most, and returns those that are still there. */
  findAgain(letters: readonly DeadLetter[]): Promise<readonly DeadLetter[]>;
  /** Returns all unacknowledged letters to the subscription. */
  close(): Promise<void>;
}

export interface LeaseOptions {
  readonly subscription: string;
  /** Maximum number of letters to pull. */
  readonly limit: number;
  /**
   * The duration of the lease, 600 at most; it is extended until it is closed, for an hour at most. Then Pub/Sub releases the
   * unacknowledged letters.
   */
  readonly seconds: number;
  /** Milliseconds since 1970; default: this machine's clock. */
  readonly now?: () => number;
  readonly signal: AbortSignal;
  /** The message id to look for; pulling stops when it is found. */
  readonly only?: string | undefined;
}

/** A subscription that delivers nothing for this long counts as empty. */
const SILENCE_MILLISECONDS = 2_000;
/** Shorter for the emulator, which runs on this machine. */
const EMULATOR_SILENCE_MILLISECONDS = 400;
const PULL_MILLISECONDS = 60_000;
const LOOK_AGAIN_MILLISECONDS = 10_000;
const MESSAGES_A_REQUEST = 500;
const LONGEST_LEASE_MILLISECONDS = 3_600_000;

/** Pulls the dead letters, bounded in number and time. Throws a `Failure` if Google refuses. */
export async function leaseDeadLetters(google: Google, options: LeaseOptions): Promise<Lease> {
  const { subscriber, emulator } = google;
  const { subscription, limit, seconds, signal, only, now = Date.now } = options;
  const what = `the subscription ${subscription}`;
  const held = new Map<string, DeadLetter>();
  /** When the lease of the first letters ends. */
  let endsAt = Number.POSITIVE_INFINITY;

  async function modify(letters: readonly DeadLetter[], ackDeadlineSeconds: number): Promise<void> {
    // One that is refused has gone back by itself.
    await sendAckIds(what, letters, (ackIds) =>
      subscriber.modifyAckDeadline({ subscription, ackIds, ackDeadlineSeconds }),
    );
  }

  const end = performance.now() + PULL_MILLISECONDS;
  let more = false;
  while (!signal.aborted && performance.now() < end) {
    const wanted = Math.min(MESSAGES_A_REQUEST, limit - held.size);
    more = wanted === 0;
    if (more) break;
    const letters = await pull(wanted);
    if (letters.length === 0) break;
    endsAt = Math.min(endsAt, now() + seconds * 1000);
    await modify(letters, seconds);
    for (const letter of letters) held.set(letter.messageId, letter);
    if (only !== undefined && held.has(only)) break;
  }
  if (performance.now() >= end) more = true;

  async function pull(maxMessages: number): Promise<DeadLetter[]> {
    const timeout = emulator ? EMULATOR_SILENCE_MILLISECONDS : SILENCE_MILLISECONDS;
    const silence = { timeout, retry: null };
    const received = await requestGoogle(what, async () => {
      try {
        const [{ receivedMessages }] = await subscriber.pull({ subscription, maxMessages }, silence);
        return receivedMessages ?? [];
      } catch (error) {
        if (isSilence(error)) return [];
        throw error;
      }
    });
    return received.flatMap((message) => readDeadLetter(message) ?? []);
  }

  // A person may take longer over a question than a lease lasts.
  const lastRenewal = now() + LONGEST_LEASE_MILLISECONDS;
  const renewing = setInterval(() => void renew().catch(() => undefined), (seconds * 1000) / 3).unref();

  async function renew(): Promise<void> {
    const renewedAt = now();
    if (renewedAt > lastRenewal || renewedAt >= endsAt) return;
    await modify([...held.values()], seconds);
    endsAt = renewedAt + seconds * 1000;
  }

  return {
    letters: [...held.values()],
    more,
    async acknowledge(letters) {
      if (now() >= endsAt) return [];
      const taken = await sendAckIds(what, letters, (ackIds) =>
        subscriber.acknowledge({ subscription, ackIds }),
      );
      for (const { messageId } of letters) held.delete(messageId);
      return taken;
    },
    async findAgain(letters) {
      const found = new Map<string, DeadLetter>();
      const lookUntil = performance.now() + LOOK_AGAIN_MILLISECONDS;
      while (letters.length > 0 && performance.now() < lookUntil) {
        const pulled = await pull(MESSAGES_A_REQUEST);
        if (pulled.length === 0) break;
        for (const letter of pulled) found.set(letter.messageId, letter);
      }
      await modify([...found.values()], 0);
      return letters.filter(({ messageId }) => found.has(messageId));
    },
    async close() {
      clearInterval(renewing);
      const letters = [...held.values()];
      held.clear();
      await modify(letters, 0);
    },
  };
}

function isSilence(error: unknown): boolean {
  const DEADLINE_EXCEEDED = 4;
  return error instanceof Error && 'code' in error && error.code === DEADLINE_EXCEEDED;
}
