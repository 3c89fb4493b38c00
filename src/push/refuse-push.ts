import type { EventQueue } from '../event-queue/event-queue.ts';
import type { RefusalLog } from '../http/refusal-log.ts';
import type { Observer } from '../observe/observer.ts';
import type { PushResponse } from './respond.ts';

export interface RefusePushOptions {
  readonly queue: Pick<EventQueue<unknown>, 'busy'>;
  /** Set for `ACKNOWLEDGE=received`: as many events as are kept there may be no more of. */
  readonly inProcessRetry: { readonly full: boolean } | undefined;
  readonly refusals: RefusalLog;
  readonly observer?: Observer | undefined;
}

/** The answer to a push that cannot be taken in now; undefined for one that can. */
export type RefusePush = () => PushResponse | undefined;

/**
 * Refuses pushes before their bodies are read: under overload most pushes end here, so it costs little. Nothing is known of
 * the event yet.
 */
export function createRefusePush({
  queue,
  inProcessRetry,
  refusals,
  observer,
}: RefusePushOptions): RefusePush {
  return () => {
    const busy = inProcessRetry?.full ? { busy: 'queue-full', retryAfterSeconds: 1 } : queue.busy;
    if (!busy) return undefined;
    const { busy: reason, retryAfterSeconds } = busy;
    refusals.add(reason, 503);
    observer?.pushRefused(reason);
    return { status: 503, problem: { reason, detail: BUSY }, retryAfterSeconds };
  };
}

/** What is said of a push that cannot be taken in now. */
export const BUSY = 'The service takes in no more events for the moment.';
