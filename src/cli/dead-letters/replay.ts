import PQueue from 'p-queue';
import { type DeadLetter, pushOf } from '../../dead-letters/read.ts';
import type { Engine } from '../../engine/engine.ts';
import { decode } from '../../notification/decode.ts';
import { type Outcome, outcomeOf } from '../../outcome.ts';
import { PushBody } from '../../senders/delivery.ts';
import { openPubSub } from '../../senders/pubsub.ts';

/** The result of replaying one dead letter. */
export interface Replayed {
  readonly letter: DeadLetter;
  readonly outcome: Outcome;
  /** True when it was acknowledged. */
  readonly acknowledged: boolean;
}

type Handling = Pick<Engine, 'route' | 'jobFor' | 'queue'>;

const TOGETHER = 100;

/**
 * Processes dead letters as the service does (decode, route, queue, handler), in the order in which they were dead-lettered,
 * and acknowledges each that is done. An ignored one stays, because no route has handled it. Those that have not started when
 * `signal` aborts are skipped.
 */
export async function replay(
  letters: readonly DeadLetter[],
  engine: Handling,
  signal: AbortSignal,
  acknowledge: (letters: readonly DeadLetter[]) => Promise<readonly DeadLetter[]>,
): Promise<Replayed[]> {
  const ordered = [...letters].sort(
    (one, other) => one.deadLetteredAt.getTime() - other.deadLetteredAt.getTime(),
  );
  const all: Replayed[] = [];
  for (let start = 0; start < ordered.length && !signal.aborted; start += TOGETHER) {
    const slots = new PQueue({ concurrency: TOGETHER });
    const replayed = await slots.addAll(
      ordered.slice(start, start + TOGETHER).map((letter) => async () => ({
        letter,
        outcome: await handle(letter, engine),
      })),
    );
    const done = replayed.filter(({ outcome }) => outcome.kind === 'done').map(({ letter }) => letter);
    const gone = new Set(await acknowledge(done));
    all.push(...replayed.map((one) => ({ ...one, acknowledged: gone.has(one.letter) })));
  }
  return all;
}

/** The service's own way of a notification, without a push. */
async function handle(letter: DeadLetter, { route, jobFor, queue }: Handling): Promise<Outcome> {
  try {
    const event = decode(openPubSub({}, new PushBody(pushOf(letter))));
    const wanted = route(event);
    if (!wanted) return { kind: 'ignored', reason: 'no-route' };
    return await queue.enqueue(jobFor(event, wanted)).outcome;
  } catch (error) {
    return outcomeOf(error);
  }
}
