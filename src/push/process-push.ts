import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyBaseLogger } from 'fastify';
import type { Authenticate, Credentials } from '../authenticate/authenticate.ts';
import type { DeadLetters } from '../dead-letters/publish.ts';
import type { Engine } from '../engine/engine.ts';
import { withWaitSpan } from '../engine/traced-clients.ts';
import { QUEUE_BUSY } from '../event-queue/event-queue.ts';
import type { HeldBody } from '../http/read-body.ts';
import type { RefusalLog } from '../http/refusal-log.ts';
import { decode, isSubscriptionTest, openEnvelope } from '../notification/index.ts';
import type { Log } from '../observe/log.ts';
import type { Observer } from '../observe/observer.ts';
import type { Readiness } from '../observe/readiness.ts';
import type { Traces } from '../observe/span.ts';
import { type Outcome, outcomeOf } from '../outcome.ts';
import { timeOut } from '../time-out.ts';
import type { InProcessRetry } from './in-process-retry.ts';
import {
  type Conclusion,
  conclude,
  type PushResponse,
  type Received,
  reportConclusion,
  responseFor,
} from './respond.ts';

/** What the way of a push leads through. */
export interface PushDependencies {
  readonly authenticate: Authenticate;
  readonly readiness: Pick<Readiness, 'draining'>;
  readonly engine: Pick<Engine, 'route' | 'jobFor' | 'queue'>;
  readonly deadLetters: DeadLetters | undefined;
  /** Set for `ACKNOWLEDGE=received`: takes over what a push is acknowledged for before it is handled. */
  readonly inProcessRetry: InProcessRetry | undefined;
  /** From the arrival of a push to its answer, at the latest. */
  readonly answerMilliseconds: number;
  readonly refusals: RefusalLog;
  readonly log: Log;
  readonly observer: Observer | undefined;
  readonly tracing: Traces | undefined;
  /** The prefix of trace ids in the log, as Cloud Logging wants it. */
  readonly traces: string;
}

/** A push whose body has been read, `elapsed` milliseconds after it began to arrive. */
export interface Push {
  readonly headers: IncomingHttpHeaders;
  readonly body: HeldBody;
  readonly elapsed: number;
}

const DRAINING: PushResponse = {
  status: 503,
  retryAfterSeconds: 1,
  problem: { reason: 'draining', detail: 'The service is shutting down.' },
};
const ACKNOWLEDGED: PushResponse = { status: 204 };
const DEADLINE: Conclusion = {
  outcome: {
    kind: 'failed',
    reason: 'deadline',
    detail: 'The ack deadline is near; work in flight goes on, and the redelivery will find it done.',
  },
  isDeadLettered: false,
};

/**
 * The first half of the way, before the body is read: authenticates the sender and asks whether the queue has room. Returns
 * the refusal, or undefined for a push that is let in. Under overload most pushes end here, so it costs little.
 */
export async function admitPush(
  credentials: Credentials,
  log: FastifyBaseLogger,
  dependencies: PushDependencies,
): Promise<PushResponse | undefined> {
  const { authenticate, readiness, engine, inProcessRetry, refusals, observer } = dependencies;
  if (readiness.draining) {
    refusals.add('draining', 503, log);
    return DRAINING;
  }
  const verdict = authenticate(credentials);
  const settled = verdict instanceof Promise ? await verdict : verdict;
  if (settled !== 'accepted') {
    const { status, reason, detail, retryAfterSeconds } = settled;
    refusals.add(reason, status, log);
    return { status, problem: { reason, detail }, ...(retryAfterSeconds && { retryAfterSeconds }) };
  }
  const busy = inProcessRetry?.busy ?? engine.queue.busy;
  if (busy === undefined) return undefined;
  refusals.add(busy.reason, 503);
  observer?.pushRefused(busy.reason);
  const { reason, retryAfterSeconds } = busy;
  return { status: 503, retryAfterSeconds, problem: { reason, detail: QUEUE_BUSY } };
}

/** The second half: open, decode, route, run, answer. Never throws. */
export async function processPush(push: Push, dependencies: PushDependencies): Promise<PushResponse> {
  const { headers, body, elapsed } = push;
  const { engine, deadLetters, inProcessRetry, answerMilliseconds, tracing } = dependencies;
  const arrivedAt = performance.now() - elapsed;
  const span = tracing?.push(headers, elapsed);
  const bytes = body.takeBytes();
  const received: Received = {
    delivery: { attributes: {}, data: bytes },
    event: undefined,
    route: undefined,
  };

  function finish(conclusion: Conclusion): PushResponse {
    // After the deadline the work goes on, and holds the notification for its dead letter.
    if (conclusion !== DEADLINE) body.release();
    reportConclusion(conclusion, { received, arrivedAt, headers, span }, dependencies);
    return responseFor(conclusion);
  }

  let outcome: Outcome | Promise<Outcome>;
  let leaveOut = () => false;
  try {
    const delivery = openEnvelope(headers, bytes);
    received.delivery = delivery;
    const event = decode(delivery);
    received.event = event;
    if (isSubscriptionTest(event)) return finish(ignored('subscription-test'));
    const route = engine.route(event);
    received.route = route;
    if (!route) return finish(ignored('no-route'));

    // Once acknowledged, nothing but the work itself sets a limit to it.
    const deadline = inProcessRetry ? undefined : arrivedAt + answerMilliseconds;
    const job = withWaitSpan(engine.jobFor(event, route, deadline, span), span);
    if (inProcessRetry) {
      inProcessRetry.keep(received, job, finish);
      return ACKNOWLEDGED;
    }
    const ticket = engine.queue.enqueue(job);
    outcome = ticket.outcome;
    leaveOut = ticket.leaveOut;
  } catch (error) {
    outcome = outcomeOf(error);
  }

  // What was rejected is acknowledged once its dead letter is published.
  const conclusion = conclude(outcome, received, deadLetters);
  const inTime = await timeOut(conclusion, answerMilliseconds - elapsed, () => undefined);
  if (inTime) return finish(inTime);
  // A run that has not started is left out, which settles the event; one in flight goes on.
  if (leaveOut()) return finish(await conclusion);
  void conclusion.then((late) => finish({ ...late, isLate: true }));
  return finish(DEADLINE);
}

function ignored(reason: string): Conclusion {
  return { outcome: { kind: 'ignored', reason }, isDeadLettered: false };
}
