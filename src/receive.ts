import type { IncomingHttpHeaders } from 'node:http';
import type { BoundRoute } from './bind-routes.ts';
import type { Delivery, Event } from './event.ts';
import type { Job } from './event-queue.ts';
import type { Context } from './handler.ts';
import type { Log } from './log.ts';
import { decode, isSubscriptionTest, openEnvelope } from './notification/index.ts';
import { Failure, type Outcome, outcomeOf, Rejection, STATUS } from './outcome.ts';

/** What became of a push on its way to the event queue. */
export interface Received {
  readonly delivery: Delivery;
  /** Undefined where it could not be decoded. */
  readonly event: Event | undefined;
  readonly route: BoundRoute | undefined;
  /** Work for the queue, or the outcome where there is none to do. */
  readonly next: { readonly job: Job<Event> } | { readonly outcome: Outcome };
}

/** What a handler works with, less what belongs to the one run. */
export type AccountContext = Omit<Context, 'log' | 'signal'>;

export interface ReceiveOptions {
  readonly route: (event: Event) => BoundRoute | undefined;
  /** The account of a project; an event that names no project belongs to the only account there is. */
  readonly accountOf: (projectKey: string | undefined) => AccountContext | undefined;
  readonly runMilliseconds: number;
  readonly log: Log;
}

/** Decodes a push and picks its route: everything that needs no waiting. Never throws. */
export function createReceive(
  options: ReceiveOptions,
): (headers: IncomingHttpHeaders, body: Buffer) => Received {
  return (headers, body) => {
    let delivery: Delivery = { attributes: {}, data: body };
    let event: Event | undefined;
    let route: BoundRoute | undefined;
    try {
      const opened = openEnvelope(headers, body);
      delivery = opened;
      event = decode(opened);
      if (isSubscriptionTest(event))
        return { delivery, event, route, next: settled('ignored', 'subscription-test') };
      route = options.route(event);
      if (!route) return { delivery, event, route, next: settled('ignored', 'no-route') };
      return { delivery, event, route, next: { job: jobFor(event, route, options) } };
    } catch (error) {
      return { delivery, event, route, next: { outcome: outcomeOf(error) } };
    }
  };
}

function settled(kind: 'ignored', reason: string): { outcome: Outcome } {
  return { outcome: { kind, reason } };
}

function jobFor(
  event: Event,
  route: BoundRoute,
  { accountOf, runMilliseconds, log }: ReceiveOptions,
): Job<Event> {
  const account = accountOf(event.projectKey);
  if (!account)
    throw new Rejection(
      'no-account',
      `Expected a project key of one of the accounts in the connector's configuration, got ${event.projectKey ?? 'none'}.`,
    );
  const { resource } = event;
  const lane = resource ? `${account.account.projectKey}/${resource.typeId}/${resource.id}` : event.identity;
  // A deletion must not vanish in a change, nor an event that says no version in one that does.
  const share = `${route.name}|${event.deletion}|${event.version === undefined}`;
  return {
    event,
    lane,
    share: route.handler.handler.readsCurrentState ? share : undefined,
    newer: (one, other) => ((other.version ?? 0) > (one.version ?? 0) ? other : one),
    // Asynchronous, so that what a handler throws before its first `await` is caught as well.
    run: async (newest) => {
      const signal = AbortSignal.timeout(runMilliseconds);
      const context = { ...account, log: log.child({ event: newest.identity, route: route.name }), signal };
      return checked(await withinTime(route.handle(newest, context), signal), route);
    },
  };
}

/** A handler that forgets its signal must not hold its place in the queue for ever. */
function withinTime(work: Promise<Outcome>, signal: AbortSignal): Promise<Outcome> {
  const timeIsUp = Promise.withResolvers<never>();
  const giveUp = () =>
    timeIsUp.reject(new Failure('out-of-time', 'The handler did not finish within the ack deadline.'));
  signal.addEventListener('abort', giveUp, { once: true });
  return Promise.race([work, timeIsUp.promise]).finally(() => signal.removeEventListener('abort', giveUp));
}

/** A handler may be JavaScript, or forget a `return`: what it gives is looked at before it is believed. */
function checked(outcome: Outcome, { handler }: BoundRoute): Outcome {
  if (isOutcome(outcome)) return outcome;
  throw new Failure(
    'no-outcome',
    `Expected handlers/${handler.source} to return an outcome ({ kind, reason }, with a detail where it is rejected or failed), got something else.`,
  );
}

function isOutcome(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, reason, detail }: { kind?: unknown; reason?: unknown; detail?: unknown } = value;
  if (typeof kind !== 'string' || !Object.hasOwn(STATUS, kind) || typeof reason !== 'string') return false;
  return kind === 'done' || kind === 'ignored' || typeof detail === 'string';
}
