import type { CommercetoolsClient } from '../commercetools/commercetools.ts';
import type { Job } from '../event-queue/event-queue.ts';
import type { Context } from '../handler.ts';
import type { Event } from '../notification/event.ts';
import type { Log } from '../observe/log.ts';
import type { Span } from '../observe/span.ts';
import { Failure, type Outcome, Rejection, STATUS } from '../outcome.ts';
import type { BoundRoute } from '../router/bind-routes.ts';
import { BoundCommercetools, BoundFluent, boundProjects, type OpenProject } from './bound-clients.ts';
import { handling } from './traced-clients.ts';

/** What a handler works with, less what belongs to the one run. */
export interface AccountContext extends Omit<Context, 'log' | 'signal'> {
  readonly commercetools: CommercetoolsClient;
  readonly projects: ReadonlyMap<string, OpenProject>;
}

export interface RunOptions {
  /** The account of a project; an event that names no project belongs to the only account there is. */
  readonly accountOf: (projectKey: string | undefined) => AccountContext | undefined;
  /** How long a run may begin things when nobody waits for its answer. */
  readonly runMilliseconds: number;
  /** How long what it has started by then may take: no upstream request takes longer. */
  readonly graceMilliseconds: number;
  readonly log: Log;
}

/** The work that an event is, for its route. Throws a `Rejection` when no account is its project's. */
export function jobFor(
  event: Event,
  route: BoundRoute,
  deadline: number | undefined,
  { accountOf, runMilliseconds, graceMilliseconds, log }: RunOptions,
  span?: Span,
): Job<Event> {
  const account = accountOf(event.projectKey);
  if (!account)
    throw new Rejection(
      'no-account',
      `Expected a project key of one of the accounts in the connector's configuration, got ${event.projectKey ?? 'none'}.`,
    );
  const { resource } = event;
  const key = resource ? `${account.account.projectKey}/${resource.typeId}/${resource.id}` : event.identity;
  // A deletion must not vanish in a change, nor an event that says no version in one that does.
  const coalesceKey = `${route.name}|${event.deletion}|${event.version === undefined}`;
  return {
    event,
    key,
    coalesceKey: route.handler.handler.readsCurrentState ? coalesceKey : undefined,
    newer: (one, other) => ((other.version ?? 0) > (one.version ?? 0) ? other : one),
    deadline,
    settle: outcomeFor,
    run: (newest, latest) => {
      const milliseconds = latest === undefined ? runMilliseconds : Math.max(0, latest - performance.now());
      // Nothing is started after the deadline: the redelivery may be on its way to another instance by then.
      return withinTime(milliseconds, graceMilliseconds, (signal) => {
        let child: Log | undefined;
        const context = {
          ...account,
          // Few runs have anything to say, and a logger of its own is the costliest part of a context.
          get log() {
            child ??= log.child({ event: newest.identity, route: route.name });
            return child;
          },
          signal,
          commercetools: new BoundCommercetools(account.commercetools, signal),
          fluent: new BoundFluent(account.fluent, signal),
          // Few runs ask for another project.
          get projects() {
            return boundProjects(account.projects, signal);
          },
        };
        return handling(span, context, async (context) =>
          checked(await route.handle(newest, context), route),
        );
      });
    },
  };
}

/** The outcome of a run for one of the events that shared it: a newer version than was handled is tried again. */
export function outcomeFor({ version, resource }: Event, outcome: Outcome): Outcome {
  if (outcome.kind !== 'done' || outcome.version === undefined) return outcome;
  if (version === undefined || version <= outcome.version) return outcome;
  return {
    kind: 'failed',
    reason: 'stale-read',
    detail: `Expected version ${version} of ${resource?.typeId} ${resource?.id} or a newer one, got ${outcome.version}; commercetools lags behind its notification.`,
  };
}

/**
 * Gives `work` a signal that aborts after so many milliseconds, and gives it up when the grace is over as well: a handler
 * that forgets its signal must not hold its place in the queue for ever.
 */
async function withinTime(
  milliseconds: number,
  graceMilliseconds: number,
  work: (signal: AbortSignal) => Promise<Outcome>,
): Promise<Outcome> {
  const begin = new AbortController();
  const givenUp = Promise.withResolvers<never>();
  let timer = setTimeout(() => {
    timer = setTimeout(() => {
      givenUp.reject(new Failure('out-of-time', 'The handler did not finish within its time.'));
    }, graceMilliseconds);
    begin.abort();
  }, milliseconds);
  try {
    return await Promise.race([work(begin.signal), givenUp.promise]);
  } finally {
    clearTimeout(timer);
  }
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
  const { kind, reason, detail, version }: { [Key in 'kind' | 'reason' | 'detail' | 'version']?: unknown } =
    value;
  if (typeof kind !== 'string' || !Object.hasOwn(STATUS, kind) || typeof reason !== 'string') return false;
  if (version !== undefined && typeof version !== 'number') return false;
  return kind === 'done' || kind === 'ignored' || typeof detail === 'string';
}
