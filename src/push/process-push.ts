import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyBaseLogger } from 'fastify';
import type { DeadLetters } from '../dead-letters/publish.ts';
import { answerMilliseconds, type Engine } from '../engine/engine.ts';
import { withWaitSpan } from '../engine/traced-clients.ts';
import { QUEUE_BUSY, type Ticket } from '../event-queue/event-queue.ts';
import type { HeldBody } from '../http/read-body.ts';
import type { RefusalLog } from '../http/refusal-log.ts';
import { decode, isSubscriptionTest } from '../notification/decode.ts';
import type { OpenedDelivery } from '../notification/event.ts';
import type { Log } from '../observe/log.ts';
import type { Observer } from '../observe/observer.ts';
import type { PendingEvents } from '../observe/pending-events.ts';
import type { Readiness } from '../observe/readiness.ts';
import type { Span, Traces } from '../observe/span.ts';
import { type Outcome, outcomeOf, Rejection } from '../outcome.ts';
import { PushBody } from '../senders/delivery.ts';
import { type PushHead, type PushResponse, refusalResponse, type Sender } from '../senders/sender.ts';
import { type Senders, senderOfBody } from '../senders/senders.ts';
import { timeOut } from '../time-out.ts';
import type { InProcessRetry } from './in-process-retry.ts';
import { processAll } from './process-all.ts';
import { type Conclusion, conclude, type Received, reportConclusion, responseFor } from './respond.ts';

/** The dependencies of processing a push. */
export interface PushDependencies {
  readonly senders: Senders;
  readonly readiness: Pick<Readiness, 'draining'>;
  readonly engine: Pick<Engine, 'route' | 'jobFor' | 'queue'>;
  readonly deadLetters: DeadLetters | undefined;
  /** Set for `ACKNOWLEDGE=received`: takes over events whose push is acknowledged before they are handled. */
  readonly inProcessRetry: InProcessRetry | undefined;
  /** From the arrival of a push to its answer, at the latest; a sender with a shorter time limit is answered within that. */
  readonly answerMilliseconds: number;
  readonly refusals: RefusalLog;
  readonly pending: PendingEvents;
  readonly log: Log;
  readonly observer: Observer | undefined;
  readonly tracing: Traces | undefined;
  /** The prefix of trace ids in the log, as Cloud Logging wants it. */
  readonly traces: string;
}

/** A push whose body has been read, `elapsed` milliseconds after it began to arrive. */
export interface Push {
  readonly headers: IncomingHttpHeaders;
  /** Undefined where the headers name none. */
  readonly sender: Sender | undefined;
  readonly body: HeldBody;
  readonly elapsed: number;
}

/** The values that are common to all notifications of one push. */
interface Arrival {
  readonly headers: IncomingHttpHeaders;
  readonly sender: Sender;
  readonly elapsed: number;
  /** In milliseconds of `performance.now()`. */
  readonly arrivedAt: number;
  /** Called when a notification is concluded, also after the answer. */
  readonly concluded: () => void;
}

/** One notification on its way. */
interface Passage extends Arrival {
  readonly received: Received;
  readonly span: Span | undefined;
}

/** Notifications of one push that are in the queue at once. */
const MAX_AT_ONCE = 100;

const DRAINING: PushResponse = {
  status: 503,
  retryAfterSeconds: 1,
  problem: { reason: 'draining', detail: 'The service is shutting down.' },
};
const DEADLINE: Conclusion = {
  outcome: {
    kind: 'failed',
    reason: 'deadline',
    detail:
      'The time-out of the sender is near; work in flight continues, and the redelivery will find it done.',
  },
  isDeadLettered: false,
};

/**
 * The first half, before the body is read: authenticates the sender and checks that the queue has room. Returns the refusal,
 * or undefined for an admitted push. Under overload most pushes end here, so it has to be cheap.
 */
export async function admitPush(
  head: PushHead,
  named: Sender | undefined,
  log: FastifyBaseLogger,
  dependencies: PushDependencies,
): Promise<PushResponse | undefined> {
  const { senders, readiness, engine, inProcessRetry, refusals, observer } = dependencies;
  if (readiness.draining) {
    refusals.add('draining', 503, log);
    return DRAINING;
  }
  const sender = named ?? senders.usual;
  const verdict = sender.authenticate(head);
  const settled = verdict instanceof Promise ? await verdict : verdict;
  if (settled !== 'accepted') {
    refusals.add(settled.reason, settled.status, log);
    return refusalResponse(settled);
  }
  const busy = inProcessRetry?.busy ?? engine.queue.busyFor(timeToAnswer(sender, dependencies));
  if (busy === undefined) return undefined;
  refusals.add(busy.reason, 503);
  observer?.pushRefused(busy.reason);
  const { reason, retryAfterSeconds } = busy;
  return { status: 503, retryAfterSeconds, problem: { reason, detail: QUEUE_BUSY } };
}

/** The second half: opens the push, processes each notification in it, and answers for all of them. Never rejects. */
export async function processPush(push: Push, dependencies: PushDependencies): Promise<PushResponse> {
  const { headers, elapsed } = push;
  const arrivedAt = performance.now() - elapsed;
  const body = new PushBody(push.body.takeBytes());
  let sender = push.sender ?? dependencies.senders.usual;
  let deliveries: readonly OpenedDelivery[];
  try {
    if (!push.sender) sender = senderOfBody(body, dependencies.senders);
    const early = await sender.intercept?.(headers, body);
    if (early) {
      push.body.release();
      if (early.problem) dependencies.refusals.add(early.problem.reason, early.status);
      return early;
    }
    deliveries = sender.open(headers, body);
    if (deliveries.length === 0)
      throw new Rejection('undecodable', 'push: expected a notification, found none.');
  } catch (error) {
    const whole = { attributes: {}, data: body.bytes };
    const arrival = { headers, sender, elapsed, arrivedAt, concluded: () => push.body.release() };
    return answerInTime(settledTicket(outcomeOf(error)), begin(whole, arrival, dependencies), dependencies);
  }
  let unfinished = deliveries.length;
  const concluded = () => {
    unfinished -= 1;
    // After the answer the work may go on, and holds the notification for its dead letter.
    if (unfinished === 0) push.body.release();
  };
  const arrival: Arrival = { headers, sender, elapsed, arrivedAt, concluded };
  const [first] = deliveries;
  if (first && deliveries.length === 1) return processDelivery(first, arrival, dependencies);
  // A push must not fill the queue by itself: notifications refused for lack of room would be refused again on redelivery.
  const atOnce = Math.min(MAX_AT_ONCE, dependencies.engine.queue.alwaysAccepted);
  return processAll(deliveries, atOnce, (delivery) => processDelivery(delivery, arrival, dependencies));
}

/** Decodes, routes and runs one notification, and answers for it. */
async function processDelivery(
  delivery: OpenedDelivery,
  arrival: Arrival,
  dependencies: PushDependencies,
): Promise<PushResponse> {
  const { engine, inProcessRetry } = dependencies;
  const passage = begin(delivery, arrival, dependencies);
  const { received, span, sender, arrivedAt } = passage;
  let ticket: Ticket;
  try {
    const event = decode(delivery);
    received.event = event;
    if (isSubscriptionTest(event)) return finish(ignored('subscription-test'), passage, dependencies);
    const route = engine.route(event);
    received.route = route;
    if (!route) return finish(ignored('no-route'), passage, dependencies);
    dependencies.pending.add({
      identity: event.identity,
      occurredAt: event.occurredAt ?? delivery.publishTime,
    });

    // An acknowledged event has no deadline.
    const deadline = inProcessRetry ? undefined : arrivedAt + timeToAnswer(sender, dependencies);
    const job = engine.jobFor(event, route, deadline, span);
    const traced = span ? withWaitSpan(job, span) : job;
    if (inProcessRetry) {
      inProcessRetry.keep(received, traced, (conclusion) => finish(conclusion, passage, dependencies));
      return { status: sender.statuses.done };
    }
    ticket = engine.queue.enqueue(traced);
  } catch (error) {
    ticket = settledTicket(outcomeOf(error));
  }
  return answerInTime(ticket, passage, dependencies);
}

/** Answers with the conclusion, or that there is none yet when the sender's time limit is near. */
async function answerInTime(
  { outcome, leaveOut }: Ticket,
  passage: Passage,
  dependencies: PushDependencies,
): Promise<PushResponse> {
  // A rejected event is acknowledged after its dead letter is published.
  const conclusion = conclude(outcome, passage.received, dependencies.deadLetters);
  const left = passage.arrivedAt + timeToAnswer(passage.sender, dependencies) - performance.now();
  const inTime = await timeOut(conclusion, left, () => undefined);
  if (inTime) return finish(inTime, passage, dependencies);
  // A run that has not started is left out, which settles the event; one in flight goes on.
  if (leaveOut()) return finish(await conclusion, passage, dependencies);
  void conclusion.then((late) => finish({ ...late, isLate: true }, passage, dependencies));
  return finish(DEADLINE, passage, dependencies);
}

function begin(delivery: OpenedDelivery, arrival: Arrival, { tracing }: PushDependencies): Passage {
  const received: Received = { delivery, event: undefined, route: undefined };
  return { ...arrival, received, span: tracing?.push(arrival.headers, arrival.elapsed) };
}

function finish(conclusion: Conclusion, passage: Passage, dependencies: PushDependencies): PushResponse {
  if (conclusion !== DEADLINE) passage.concluded();
  const { event } = passage.received;
  if (event) dependencies.pending.settle(event, conclusion.outcome, conclusion.isDeadLettered);
  reportConclusion(conclusion, passage, dependencies);
  return responseFor(conclusion, passage.sender.statuses);
}

/** In milliseconds from the arrival. */
function timeToAnswer(sender: Sender, dependencies: PushDependencies): number {
  return Math.min(dependencies.answerMilliseconds, answerMilliseconds(sender.timeLimitSeconds));
}

function settledTicket(outcome: Outcome): Ticket {
  return { outcome: Promise.resolve(outcome), leaveOut: () => false };
}

function ignored(reason: string): Conclusion {
  return { outcome: { kind: 'ignored', reason }, isDeadLettered: false };
}
