import type { Answer } from './answer.ts';
import type { EventQueue } from './event-queue.ts';
import type { Log } from './log.ts';
import type { Observer } from './observer.ts';

const LOG_EVERY_MILLISECONDS = 1_000;

export interface RefusePushOptions {
  readonly queue: Pick<EventQueue<unknown>, 'busy'>;
  /** Set for `ACKNOWLEDGE=received`: as many events as are kept there may be no more of. */
  readonly redelivery: { readonly full: boolean } | undefined;
  readonly log: Log;
  readonly observer?: Observer | undefined;
}

/** The answer to a push that cannot be taken in now; undefined for one that can. */
export type RefusePush = () => Answer | undefined;

/**
 * Refuses pushes before their bodies are read: under overload most pushes end here, so it costs little. Nothing is known of
 * the event yet; the log tells of the first refusal at once, and then how many there were, once a second.
 */
export function createRefusePush({ queue, redelivery, log, observer }: RefusePushOptions): RefusePush {
  let refused = 0;
  let timer: NodeJS.Timeout | undefined;

  function tell(reason: string): void {
    refused += 1;
    if (timer) return;
    report(reason);
    timer = setInterval(() => {
      if (refused > 0) {
        report(reason);
        return;
      }
      clearInterval(timer);
      timer = undefined;
    }, LOG_EVERY_MILLISECONDS).unref();
  }

  function report(reason: string): void {
    log.warn({ reason, refused, status: 503 }, `Pushes refused: ${refused} (${reason}).`);
    refused = 0;
  }

  return () => {
    const busy = redelivery?.full ? { busy: 'queue-full', retryAfterSeconds: 1 } : queue.busy;
    if (!busy) return undefined;
    const { busy: reason, retryAfterSeconds } = busy;
    tell(reason);
    observer?.pushRefused(reason);
    return { status: 503, problem: { reason, detail: BUSY }, retryAfterSeconds };
  };
}

/** What is said of a push that cannot be taken in now. */
export const BUSY = 'The service takes in no more events for the moment.';
