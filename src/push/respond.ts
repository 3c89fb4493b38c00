import type { IncomingHttpHeaders } from 'node:http';
import type { DeadLetters } from '../dead-letters/publish.ts';
import type { Delivery, Event } from '../notification/event.ts';
import { type Log, TRACE_FIELD, traceOf } from '../observe/log.ts';
import type { ObservedOutcome, Observer } from '../observe/observer.ts';
import type { Span } from '../observe/span.ts';
import { type Outcome, outcomeOf } from '../outcome.ts';
import type { BoundRoute } from '../router/bind-routes.ts';
import type { PushResponse } from '../senders/sender.ts';
import type { Statuses } from '../senders/status.ts';

/** The known parts of a notification; undefined if it could not be decoded or has no route. */
export interface Received {
  delivery: Delivery;
  event: Event | undefined;
  route: BoundRoute | undefined;
}

/** How a notification ended: the outcome of its event, and whether a dead letter was published for it. */
export interface Conclusion {
  readonly outcome: Outcome;
  readonly isDeadLettered: boolean;
  /** True when the push had been answered before: the work went on, and this is how it ended. */
  readonly isLate?: boolean;
}

/** The push that a conclusion is reported for. */
export interface ReportedPush {
  readonly received: Received;
  /** In milliseconds of `performance.now()`. */
  readonly arrivedAt: number;
  readonly headers: IncomingHttpHeaders;
  readonly sender: { readonly name: string };
  readonly span: Span | undefined;
}

/** Where conclusions are reported to. */
export interface Reporting {
  readonly log: Log;
  readonly observer: Observer | undefined;
  /** The prefix of trace ids in the log, as Cloud Logging wants it. */
  readonly traces: string;
}

const RETRY_AFTER_SECONDS = 5;
/** The page keeps the last outcomes in memory; the log has all names. */
const MAX_CHANGED = 20;

/**
 * Publishes a dead letter for a rejected notification, if there is a topic; the outcome is `failed` if it cannot be published.
 */
export async function conclude(
  ending: Promise<Outcome>,
  { delivery, event, route }: Received,
  deadLetters: DeadLetters | undefined,
): Promise<Conclusion> {
  const outcome = await ending;
  if (outcome.kind !== 'rejected' || !deadLetters) return { outcome, isDeadLettered: false };
  const { reason, detail } = outcome;
  try {
    await deadLetters.publish(delivery, event, { reason, detail, route: route?.name });
    return { outcome, isDeadLettered: true };
  } catch (error) {
    return { outcome: outcomeOf(error), isDeadLettered: false };
  }
}

/** The HTTP answer for a conclusion, from the sender's row of the table. */
export function responseFor({ outcome, isDeadLettered }: Conclusion, statuses: Statuses): PushResponse {
  const status = statuses[isDeadLettered ? 'done' : outcome.kind];
  if (outcome.kind === 'done' || outcome.kind === 'ignored' || isDeadLettered) return { status };
  const problem = { reason: outcome.reason, detail: outcome.detail };
  if (outcome.kind === 'rejected') return { status, problem };
  return { status, problem, retryAfterSeconds: outcome.retryAfterSeconds ?? RETRY_AFTER_SECONDS };
}

/** Reports a conclusion to the log, the observer and the trace: ids, codes and times only. */
export function reportConclusion(
  conclusion: Conclusion,
  push: ReportedPush,
  { log, observer, traces }: Reporting,
): void {
  const { outcome } = conclusion;
  const { span, received, arrivedAt } = push;
  const milliseconds = performance.now() - arrivedAt;
  writeLine(log, conclusion, push, milliseconds, traces);
  span?.end(
    {
      'customer_sync.event': received.event?.identity,
      'customer_sync.route': received.route?.name,
      'customer_sync.outcome': outcome.kind,
      'customer_sync.reason': outcome.reason,
    },
    outcome.kind === 'failed' || outcome.kind === 'rejected',
  );
  observer?.outcome(observed(conclusion, received, milliseconds));
}

function observed(
  { outcome, isDeadLettered, isLate = false }: Conclusion,
  { event, route }: Received,
  milliseconds: number,
): ObservedOutcome {
  return {
    outcome: outcome.kind,
    reason: outcome.reason,
    route: route?.name,
    projectKey: event?.projectKey,
    resource: event?.resource && `${event.resource.typeId}/${event.resource.id}`,
    version: event?.version,
    ...('changed' in outcome && outcome.changed && { changed: outcome.changed.slice(0, MAX_CHANGED) }),
    milliseconds,
    lagMilliseconds: outcome.kind === 'ignored' ? undefined : lagOf(event?.occurredAt),
    deadLettered: isDeadLettered,
    late: isLate,
  };
}

function lagOf(occurredAt: string | undefined): number | undefined {
  const lag = occurredAt === undefined ? Number.NaN : Date.now() - Date.parse(occurredAt);
  // Clocks differ: an event from the future is no lag.
  return Number.isNaN(lag) ? undefined : Math.max(0, lag);
}

function writeLine(
  log: Log,
  { outcome, isDeadLettered, isLate }: Conclusion,
  { received: { event, delivery, route }, headers, sender }: ReportedPush,
  milliseconds: number,
  traces: string,
): void {
  const line: Record<string, unknown> = {
    event: event?.identity,
    kind: event?.type ?? event?.kind,
    resource: event?.resource && `${event.resource.typeId}/${event.resource.id}`,
    projectKey: event?.projectKey,
    route: route?.name,
    sender: sender.name,
    outcome: outcome.kind,
    reason: outcome.reason,
    milliseconds: Math.round(milliseconds),
    attempt: delivery.attempt,
    messageId: delivery.messageId,
  };
  if (outcome.detail !== undefined) line['detail'] = outcome.detail;
  if ('changed' in outcome) line['changed'] = outcome.changed;
  if ('correlationId' in outcome) line['correlationId'] = outcome.correlationId;
  if ('cause' in outcome) line['err'] = outcome.cause;
  if (isDeadLettered) line['deadLettered'] = true;
  if (isLate) line['late'] = true;
  const trace = traceOf(headers);
  if (trace !== undefined) line[TRACE_FIELD] = traces + trace;
  const text = `${event?.identity ?? 'an undecodable push'}: ${outcome.kind} (${outcome.reason})`;
  if (outcome.kind === 'done' || outcome.kind === 'ignored') log.info(line, text);
  else log.warn(line, text);
}
