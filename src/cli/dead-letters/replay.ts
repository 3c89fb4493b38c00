import PQueue from 'p-queue';
import { type DeadLetter, pushOf } from '../../dead-letters/read.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Outcome } from '../../outcome.ts';

/** What became of one dead letter. */
export interface Replayed {
  readonly letter: DeadLetter;
  readonly outcome: Outcome;
  /** True when it was taken off the subscription. */
  readonly acknowledged: boolean;
}

const TOGETHER = 100;

/**
 * Sends dead letters the service's own way, decode, route, queue, handler, in the order they were dead-lettered, and acknowledges what
 * was done as it goes. What was ignored stays: a route that does not want an event has done nothing with it. What was not started when `signal` aborts is left out.
 */
export async function replay(
  letters: readonly DeadLetter[],
  { receive, queue }: Pick<Engine, 'receive' | 'queue'>,
  signal: AbortSignal,
  acknowledge: (letters: readonly DeadLetter[]) => Promise<readonly DeadLetter[]>,
): Promise<Replayed[]> {
  const ordered = [...letters].sort(
    (one, other) => one.deadLetteredAt.getTime() - other.deadLetteredAt.getTime(),
  );
  const all: Replayed[] = [];
  for (let start = 0; start < ordered.length && !signal.aborted; start += TOGETHER) {
    const places = new PQueue({ concurrency: TOGETHER });
    const replayed = await places.addAll(
      ordered.slice(start, start + TOGETHER).map((letter) => async () => ({
        letter,
        outcome: await outcomeFor(letter, receive, queue),
      })),
    );
    const done = replayed.filter(({ outcome }) => outcome.kind === 'done').map(({ letter }) => letter);
    const gone = new Set(await acknowledge(done));
    all.push(...replayed.map((one) => ({ ...one, acknowledged: gone.has(one.letter) })));
  }
  return all;
}

async function outcomeFor(
  letter: DeadLetter,
  receive: Engine['receive'],
  queue: Engine['queue'],
): Promise<Outcome> {
  const { next } = receive({}, pushOf(letter));
  if ('outcome' in next) return next.outcome;
  const ticket = queue.enqueue(next.job);
  if ('outcome' in ticket) return ticket.outcome;
  return { kind: 'failed', reason: ticket.busy, detail: 'The queue takes in no more events for the moment.' };
}
