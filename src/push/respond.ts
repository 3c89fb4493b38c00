import type { DeadLetters } from '../dead-letters/publish.ts';
import type { Received } from '../engine/receive.ts';
import type { Log } from '../observe/log.ts';
import type { ObservedOutcome } from '../observe/observer.ts';
import { type Outcome, outcomeOf, STATUS } from '../outcome.ts';

/** The answer to a push. */
export interface Answer {
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

/** Parks what was rejected, where there is a dead-letter topic: the outcome after it is `failed` when that does not work. */
export async function park(
  outcome: Outcome,
  { delivery, event, route }: Received,
  deadLetters: DeadLetters | undefined,
): Promise<{ outcome: Outcome; parked: boolean }> {
  if (outcome.kind !== 'rejected' || !deadLetters) return { outcome, parked: false };
  const { reason, detail } = outcome;
  try {
    await deadLetters.park(delivery, event, { reason, detail, route: route?.name });
    return { outcome, parked: true };
  } catch (error) {
    return { outcome: outcomeOf(error), parked: false };
  }
}

/** The HTTP answer for an outcome. */
export function answerFor(outcome: Outcome, parked: boolean): Answer {
  const status = parked ? 204 : STATUS[outcome.kind];
  if (outcome.kind === 'done' || outcome.kind === 'ignored' || parked) return { status };
  const problem = { reason: outcome.reason, detail: outcome.detail };
  if (outcome.kind === 'rejected') return { status, problem };
  return { status, problem, retryAfterSeconds: outcome.retryAfterSeconds ?? RETRY_AFTER_SECONDS };
}

/** The same outcome, for an observer. */
export function observed(outcome: Outcome, parked: boolean, about: About): ObservedOutcome {
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
    parked,
    late: about.late ?? false,
  };
}

function lagOf(occurredAt: string | undefined): number | undefined {
  const lag = occurredAt === undefined ? Number.NaN : Date.now() - Date.parse(occurredAt);
  // Clocks differ: an event from the future is no lag.
  return Number.isNaN(lag) ? undefined : Math.max(0, lag);
}

/** Writes the one line of an outcome: ids, codes and times only. `traces` is the prefix that Cloud Logging wants. */
export function logOutcome(log: Log, outcome: Outcome, parked: boolean, about: About, traces: string): void {
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
  if (parked) line['parked'] = true;
  if (about.late) line['late'] = true;
  if (about.trace !== undefined) line['logging.googleapis.com/trace'] = traces + about.trace;
  const text = `${event?.identity ?? 'an undecodable push'}: ${outcome.kind} (${outcome.reason})`;
  if (outcome.kind === 'done' || outcome.kind === 'ignored') log.info(line, text);
  else log.warn(line, text);
}
