import type { DeadLetters } from '../dead-letters/publish.ts';
import type { Received } from '../engine/receive.ts';
import type { Log } from '../observe/log.ts';
import type { ObservedOutcome } from '../observe/observer.ts';
import { type Outcome, outcomeOf, STATUS } from '../outcome.ts';

/** The answer to a push. */
export interface PushResponse {
  readonly status: number;
  readonly retryAfterSeconds?: number;
  /** Why it was not acknowledged, for a person. */
  readonly problem?: { readonly reason: string; readonly detail: string };
}

/** What one outcome's log line says besides. */
export interface About {
  readonly received: Received;
  readonly milliseconds: number;
  readonly trace?: string | undefined;
  /** True when the push had been answered before: the work went on, and this is how it ended. */
  readonly late?: boolean;
}

const RETRY_AFTER_SECONDS = 5;

/** Publishes what was rejected as a dead letter, where there is a topic for it: the outcome after it is `failed` when that does not work. */
export async function publishDeadLetter(
  outcome: Outcome,
  { delivery, event, route }: Received,
  deadLetters: DeadLetters | undefined,
): Promise<{ outcome: Outcome; deadLettered: boolean }> {
  if (outcome.kind !== 'rejected' || !deadLetters) return { outcome, deadLettered: false };
  const { reason, detail } = outcome;
  try {
    await deadLetters.publish(delivery, event, { reason, detail, route: route?.name });
    return { outcome, deadLettered: true };
  } catch (error) {
    return { outcome: outcomeOf(error), deadLettered: false };
  }
}

/** The HTTP answer for an outcome. */
export function answerFor(outcome: Outcome, deadLettered: boolean): PushResponse {
  const status = deadLettered ? 204 : STATUS[outcome.kind];
  if (outcome.kind === 'done' || outcome.kind === 'ignored' || deadLettered) return { status };
  const problem = { reason: outcome.reason, detail: outcome.detail };
  if (outcome.kind === 'rejected') return { status, problem };
  return { status, problem, retryAfterSeconds: outcome.retryAfterSeconds ?? RETRY_AFTER_SECONDS };
}

/** The same outcome, for an observer. */
export function observed(outcome: Outcome, deadLettered: boolean, about: About): ObservedOutcome {
  const { event, route } = about.received;
  return {
    outcome: outcome.kind,
    reason: outcome.reason,
    route: route?.name,
    projectKey: event?.projectKey,
    resource: event?.resource && `${event.resource.typeId}/${event.resource.id}`,
    version: event?.version,
    milliseconds: about.milliseconds,
    lagMilliseconds: outcome.kind === 'ignored' ? undefined : lagOf(event?.occurredAt),
    deadLettered,
    late: about.late ?? false,
  };
}

function lagOf(occurredAt: string | undefined): number | undefined {
  const lag = occurredAt === undefined ? Number.NaN : Date.now() - Date.parse(occurredAt);
  // Clocks differ: an event from the future is no lag.
  return Number.isNaN(lag) ? undefined : Math.max(0, lag);
}

/** Writes the one line of an outcome: ids, codes and times only. `traces` is the prefix that Cloud Logging wants. */
export function logOutcome(
  log: Log,
  outcome: Outcome,
  deadLettered: boolean,
  about: About,
  traces: string,
): void {
  const { event, delivery, route } = about.received;
  const line: Record<string, unknown> = {
    event: event?.identity,
    kind: event?.type ?? event?.kind,
    resource: event?.resource && `${event.resource.typeId}/${event.resource.id}`,
    projectKey: event?.projectKey,
    route: route?.name,
    outcome: outcome.kind,
    reason: outcome.reason,
    milliseconds: Math.round(about.milliseconds),
    attempt: delivery.attempt,
    messageId: delivery.messageId,
  };
  if (outcome.detail !== undefined) line['detail'] = outcome.detail;
  if (deadLettered) line['deadLettered'] = true;
  if (about.late) line['late'] = true;
  if (about.trace !== undefined) line['logging.googleapis.com/trace'] = traces + about.trace;
  const text = `${event?.identity ?? 'an undecodable push'}: ${outcome.kind} (${outcome.reason})`;
  if (outcome.kind === 'done' || outcome.kind === 'ignored') log.info(line, text);
  else log.warn(line, text);
}
