import type { IncomingHttpHeaders } from 'node:http';
import { setImmediate as immediate } from 'node:timers/promises';
import type { DeadLetters } from '../dead-letters/publish.ts';
import type { Receive } from '../engine/receive.ts';
import { waitOf } from '../engine/traced-clients.ts';
import type { EventQueue, Ticket } from '../event-queue/event-queue.ts';
import type { HeldBody } from '../http/read-body.ts';
import type { Event } from '../notification/event.ts';
import type { Log } from '../observe/log.ts';
import type { Observer } from '../observe/observer.ts';
import type { Attributes, Traces } from '../observe/span.ts';
import { traceOf } from '../observe/trace-id.ts';
import type { Outcome } from '../outcome.ts';
import type { InProcessRetry } from './in-process-retry.ts';
import { BUSY } from './refuse-push.ts';
import { answerFor, logOutcome, observed, type PushResponse, publishDeadLetter } from './respond.ts';

export interface PushOptions {
  readonly receive: Receive;
  readonly queue: EventQueue<Event>;
  readonly deadLetters: DeadLetters | undefined;
  /** Set for `ACKNOWLEDGE=received`: takes over what a push is acknowledged for before it is handled. */
  readonly inProcessRetry: InProcessRetry | undefined;
  /** From the arrival of a push to its answer, at the latest. */
  readonly deadlineMilliseconds: number;
  readonly log: Log;
  readonly observer?: Observer | undefined;
  readonly tracing?: Traces | undefined;
  readonly traces: string;
}

/** Answers one authenticated push, and releases its body; `elapsed` is the milliseconds since it began to arrive. */
export type ProcessPush = (
  headers: IncomingHttpHeaders,
  body: HeldBody,
  elapsed: number,
) => Promise<PushResponse>;

const DEADLINE: Outcome = {
  kind: 'failed',
  reason: 'deadline',
  detail: 'The ack deadline is near; work in flight goes on, and the redelivery will find it done.',
};

/** Receive, queue, handle, answer: the whole way of a push after its authentication. */
export function createProcessPush(options: PushOptions): ProcessPush {
  const {
    receive,
    queue,
    deadLetters,
    inProcessRetry,
    deadlineMilliseconds,
    log,
    observer,
    tracing,
    traces,
  } = options;

  return async (headers, body, elapsed) => {
    const arrivedAt = performance.now() - elapsed;
    const span = tracing?.push(headers, elapsed);
    // Once acknowledged, nothing but the work itself sets a limit to it.
    const deadline = inProcessRetry ? undefined : arrivedAt + deadlineMilliseconds;
    const received = receive(headers, body.takeBytes(), deadline, span);
    const trace = traceOf(headers);

    function conclude(outcome: Outcome, deadLettered: boolean, late = false): PushResponse {
      const milliseconds = performance.now() - arrivedAt;
      logOutcome(log, outcome, deadLettered, { received, milliseconds, trace, late }, traces);
      span?.end(attributesOf(outcome, received), outcome.kind === 'failed' || outcome.kind === 'rejected');
      observer?.outcome(observed(outcome, deadLettered, { received, milliseconds, late }));
      // After the deadline the work goes on, and holds the notification for its dead letter.
      if (outcome !== DEADLINE) body.release();
      return answerFor(outcome, deadLettered);
    }

    const { next } = received;
    // What no route wants has nothing to wait for.
    if ('outcome' in next && next.outcome.kind === 'ignored') return conclude(next.outcome, false);
    if ('job' in next && inProcessRetry?.full) return conclude(busy('queue-full', 1), false);
    const ticket = 'job' in next ? queue.enqueue(waitOf(next.job, span)) : next;
    if ('busy' in ticket) return conclude(busy(ticket.busy, ticket.retryAfterSeconds), false);
    if (inProcessRetry && 'job' in next && 'abandon' in ticket) {
      inProcessRetry.keep(received, next.job, ticket, conclude);
      return { status: 204 };
    }

    const finished = finish(ticket, received, deadLetters);
    const timeIsUp = Promise.withResolvers<void>();
    const timer = setTimeout(timeIsUp.resolve, Math.max(0, deadlineMilliseconds - elapsed));
    const first = await Promise.race([finished, timeIsUp.promise]);
    clearTimeout(timer);
    if (first) return conclude(first.outcome, first.deadLettered);

    if ('abandon' in ticket) ticket.abandon();
    // What had not started is settled by that, and there is nothing more to come of it.
    const leftOut = await Promise.race([finished, immediate()]);
    if (leftOut) return conclude(leftOut.outcome, leftOut.deadLettered);
    void finished.then(({ outcome, deadLettered }) => conclude(outcome, deadLettered, true));
    return conclude(DEADLINE, false);
  };
}

async function finish(
  ticket: Ticket | { outcome: Outcome },
  received: ReturnType<Receive>,
  deadLetters: DeadLetters | undefined,
): Promise<{ outcome: Outcome; deadLettered: boolean }> {
  return publishDeadLetter(await ticket.outcome, received, deadLetters);
}

function busy(reason: string, retryAfterSeconds: number): Outcome {
  return {
    kind: 'failed',
    reason,
    detail: BUSY,
    retryAfterSeconds,
  };
}

function attributesOf(outcome: Outcome, { event, route }: ReturnType<Receive>): Attributes {
  return {
    'customer_sync.event': event?.identity,
    'customer_sync.route': route?.name,
    'customer_sync.outcome': outcome.kind,
    'customer_sync.reason': outcome.reason,
  };
}
