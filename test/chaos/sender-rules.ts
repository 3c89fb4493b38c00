import { cloudEventOf, eventGridRequest } from '../sandbox/event-grid.ts';
import { eventBridgeDetail, eventBridgeRequest, type SenderRequest } from '../sandbox/eventbridge.ts';
import type { SnsSandbox } from '../sandbox/sns.ts';
import type { Random } from './random.ts';

/** The senders, besides Pub/Sub, that the test simulates with its own pusher. */
export const SENDERS = ['eventbridge', 'sns', 'event-grid'] as const;
export type SenderName = (typeof SENDERS)[number];

/** The data of a message: a notification as text, or invalid data. */
export interface Sent {
  readonly id: string;
  readonly data: string;
  readonly attempts: number;
}

/** The documented delivery rules of a sender; the delays are shortened, so that a run ends. */
export interface SenderRules {
  readonly timeLimitSeconds: number;
  acknowledges(status: number): boolean;
  /** The statuses without a retry. */
  isFinal(status: number): boolean;
  /** The delay in seconds after a number of attempts. */
  delay(attempts: number, random: Random): number;
  readonly honoursRetryAfter: boolean;
  /** A notification goes to the dead-letter queue after this number of attempts. */
  readonly mostAttempts: number;
  /** The maximum number of notifications in a request; they are acknowledged together. */
  readonly mostInBatch: number;
  request(sent: readonly Sent[]): SenderRequest;
}

/** No delay may be shorter than the longest run of the service: `least`, in seconds. */
export function rulesOf(name: SenderName, least: number, sns: SnsSandbox, isBatched: boolean): SenderRules {
  switch (name) {
    case 'eventbridge':
      return {
        timeLimitSeconds: 5,
        acknowledges: (status) => status >= 200 && status < 300,
        isFinal: (status) => status < 500 && ![0, 401, 407, 409, 429].includes(status),
        // Exponential with jitter, for 24 hours and 185 attempts.
        delay: (attempts, random) => least + Math.min(2, 2 ** (attempts - 3)) * random.next(),
        honoursRetryAfter: true,
        mostAttempts: 185,
        mostInBatch: 1,
        request: ([one]) => eventBridge(one?.data ?? '', one?.id ?? ''),
      };
    case 'sns':
      return {
        timeLimitSeconds: 15,
        acknowledges: (status) => status >= 200 && status < 300,
        isFinal: (status) => status >= 200 && status < 500,
        // Three retries, 20 seconds apart.
        delay: () => least + 1,
        honoursRetryAfter: false,
        mostAttempts: 4,
        mostInBatch: 1,
        request: ([one]) => sns.notification(one?.data ?? '', { fields: { MessageId: one?.id ?? '' } }),
      };
    case 'event-grid':
      return {
        timeLimitSeconds: 30,
        acknowledges: (status) => status >= 200 && status <= 204,
        isFinal: (status) => [400, 401, 403, 413].includes(status),
        // 10 s, 30 s, 1 min, 5 min, … for 24 hours.
        delay: (attempts) => Math.min(least + 3, least * attempts),
        honoursRetryAfter: false,
        mostAttempts: 30,
        mostInBatch: isBatched ? 5 : 1,
        request: eventGrid,
      };
  }
}

function eventBridge(data: string, id: string): SenderRequest {
  const detail = objectIn(data);
  // EventBridge sends objects only; other data arrives in the form of a target with an input transformer.
  return detail ? eventBridgeRequest(detail, { id }) : { ...eventBridgeDetail({}), body: data };
}

function eventGrid(sent: readonly Sent[]): SenderRequest {
  const events = sent.map(({ data, id }) => {
    const notification = objectIn(data);
    if (!notification) return data;
    return 'specversion' in notification ? notification : cloudEventOf(notification, id);
  });
  if (events.length > 1) return eventGridRequest(events);
  const [one] = events;
  return typeof one === 'object' ? eventGridRequest(one) : { ...eventGridRequest({}), body: one ?? '' };
}

function objectIn(data: string): object | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
