import type { OutcomeKind } from '../outcome.ts';

/** The HTTP status that answers each outcome. A rejected event that was dead-lettered is answered as `done`. */
export type Statuses = Readonly<Record<OutcomeKind, number>>;

/**
 * The answers, by sender and outcome. `rejected` is a status that the sender never delivers again, where it has one;
 * `failed` is one that it does. A push with several notifications is answered with the highest status, so each row must grow
 * from `done` to `failed`.
 */
export const STATUS = {
  /** Acknowledges by 204 and delivers all else again. https://cloud.google.com/pubsub/docs/push#receive_push */
  pubsub: { done: 204, ignored: 204, rejected: 422, failed: 503 },
  /** Delivers 401, 407, 409, 429 and 5xx again; all else goes to the dead-letter queue of the target. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html */
  eventbridge: { done: 204, ignored: 204, rejected: 422, failed: 503 },
  /** Delivers 5xx again, for an hour at most; 4xx goes to the dead-letter queue of the subscription. https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html */
  sns: { done: 204, ignored: 204, rejected: 422, failed: 503 },
  /** 400, 401, 403 and 413 are final, and dead-lettered there; all else is delivered again for a day. https://learn.microsoft.com/azure/event-grid/delivery-and-retry */
  'event-grid': { done: 204, ignored: 204, rejected: 400, failed: 503 },
} as const satisfies Record<string, Statuses>;
