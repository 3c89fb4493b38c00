import { nameOf, placeOf } from './observe/describe-error.ts';

/**
 * The result of handling an event. The set is closed: everything else, such as an unknown error, is `failed`.
 *
 * `reason` is a short kebab-case code, safe to log, count and put on a dead letter.
 * `detail` is one sentence: what was expected, what was found, what to do. Neither contains personal data.
 */
export type Outcome =
  | {
      readonly kind: 'done';
      readonly reason: string;
      readonly detail?: string;
      /**
       * The version of the resource that was handled. Coalesced events with a newer version are retried; without a version,
       * the outcome applies to all coalesced events.
       */
      readonly version?: number;
      /** Names of the fields that were changed, where any were. Never values. */
      readonly changed?: readonly string[];
    }
  | { readonly kind: 'ignored'; readonly reason: string; readonly detail?: string }
  | {
      readonly kind: 'rejected';
      readonly reason: string;
      readonly detail: string;
      /** As that of what failed. */
      readonly correlationId?: string;
    }
  | {
      readonly kind: 'failed';
      readonly reason: string;
      readonly detail: string;
      /** The upstream's Retry-After in seconds. */
      readonly retryAfterSeconds?: number;
      /** The `X-Correlation-ID` of the upstream request that failed. */
      readonly correlationId?: string;
      /** The thrown value if it was not a `Failure`, else the failure's cause; only the log may read it. */
      readonly cause?: unknown;
    };

export type OutcomeKind = Outcome['kind'];

/** Every kind there is. */
export const OUTCOME_KINDS = ['done', 'ignored', 'rejected', 'failed'] as const satisfies OutcomeKind[];

/** Thrown if an event can never work; it is published as a dead letter. */
export class Rejection extends Error {
  readonly reason: string;
  /** The `X-Correlation-ID` of the upstream request that it is about. */
  correlationId: string | undefined;

  constructor(reason: string, detail: string) {
    super(detail);
    this.name = 'Rejection';
    this.reason = reason;
  }

  /** Sets the id of the upstream request, unless it is set already. */
  about(correlationId: string | undefined): this {
    this.correlationId ??= correlationId;
    return this;
  }
}

/** Thrown if the same event may work later; the push is answered so that the sender delivers it again. */
export class Failure extends Error {
  readonly reason: string;
  readonly retryAfterSeconds: number | undefined;
  /** The `X-Correlation-ID` of the upstream request that failed. */
  correlationId: string | undefined;

  constructor(reason: string, detail: string, options: { retryAfterSeconds?: number; cause?: unknown } = {}) {
    super(detail, { cause: options.cause });
    this.name = 'Failure';
    this.reason = reason;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  /** Sets the id of the failed upstream request, unless it is set already. */
  about(correlationId: string | undefined): this {
    this.correlationId ??= correlationId;
    return this;
  }
}

/**
 * Converts an error of a handler to an outcome. The text of an unknown error may be personal data, so `detail` has only its
 * name and place.
 */
export function outcomeOf(error: unknown): Outcome {
  if (error instanceof Rejection) {
    const { reason, message: detail, correlationId } = error;
    return { kind: 'rejected', reason, detail, ...(correlationId !== undefined && { correlationId }) };
  }
  if (error instanceof Failure) {
    const { reason, message: detail, retryAfterSeconds, correlationId, cause } = error;
    return {
      kind: 'failed',
      reason,
      detail,
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
      ...(correlationId !== undefined && { correlationId }),
      ...(cause !== undefined && { cause }),
    };
  }
  const place = placeOf(error);
  const detail = `The handler threw an unknown error (${nameOf(error)}${place === undefined ? '' : ` at ${place}`}).`;
  return { kind: 'failed', reason: 'unknown-error', detail, cause: error };
}
