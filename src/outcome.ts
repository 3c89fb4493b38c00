import { nameOf } from './observe/describe-error.ts';

/**
 * How handling an event ended. The set is closed: whatever else happens, an unknown error included, is `failed`.
 *
 * `reason` is a short kebab-case code, safe to log, count and put on a dead letter.
 * `detail` is one sentence for a person: what was expected, what was found, what to do. Neither holds personal data.
 */
export type Outcome =
  | {
      readonly kind: 'done';
      readonly reason: string;
      readonly detail?: string;
      /**
       * The version of the resource that was handled. Of the events that share a run, those of a newer version are tried
       * again; without it, the run stands for all of them.
       */
      readonly version?: number;
    }
  | { readonly kind: 'ignored'; readonly reason: string; readonly detail?: string }
  | { readonly kind: 'rejected'; readonly reason: string; readonly detail: string }
  | {
      readonly kind: 'failed';
      readonly reason: string;
      readonly detail: string;
      /** What the upstream asked for, in seconds. */
      readonly retryAfterSeconds?: number;
    };

export type OutcomeKind = Outcome['kind'];

/** Every kind there is. */
export const OUTCOME_KINDS = ['done', 'ignored', 'rejected', 'failed'] as const satisfies OutcomeKind[];

/** Thrown where an event can never work, whatever is tried: the event is published as a dead letter. */
export class Rejection extends Error {
  readonly reason: string;
  constructor(reason: string, detail: string) {
    super(detail);
    this.name = 'Rejection';
    this.reason = reason;
  }
}

/** Thrown where the same event may work later: the push is answered so that the sender delivers it again. */
export class Failure extends Error {
  readonly reason: string;
  readonly retryAfterSeconds: number | undefined;
  constructor(reason: string, detail: string, options: { retryAfterSeconds?: number; cause?: unknown } = {}) {
    super(detail, { cause: options.cause });
    this.name = 'Failure';
    this.reason = reason;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** Turns whatever a handler threw into an outcome. The text of an unknown error may hold anything, so only its name is kept. */
export function outcomeOf(error: unknown): Outcome {
  if (error instanceof Rejection) return { kind: 'rejected', reason: error.reason, detail: error.message };
  if (error instanceof Failure) {
    const { reason, message, retryAfterSeconds } = error;
    const outcome = { kind: 'failed', reason, detail: message } as const;
    return retryAfterSeconds === undefined ? outcome : { ...outcome, retryAfterSeconds };
  }
  const detail = `The handler threw an unknown error (${nameOf(error)}).`;
  return { kind: 'failed', reason: 'unknown-error', detail };
}
