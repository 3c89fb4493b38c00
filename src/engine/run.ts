import type { CommercetoolsClient } from '../commercetools/commercetools.ts';
import type { Job } from '../event-queue/event-queue.ts';
import { advise, SchemaMismatch } from '../fluent/schema-mismatch.ts';
import type { Context } from '../handler.ts';
import type { Event } from '../notification/event.ts';
import type { Log } from '../observe/log.ts';
import type { Span } from '../observe/span.ts';
import { Failure, OUTCOME_KINDS, type Outcome, Rejection } from '../outcome.ts';
import type { BoundRoute } from '../router/bind-routes.ts';
import { correlated } from '../upstream/correlation.ts';
import { BoundCommercetools, BoundFluent, boundProjects, type OpenProject } from './bound-clients.ts';
import { runTraced } from './traced-clients.ts';

/** A handler's context without what belongs to a single run. */
export interface AccountContext extends Omit<Context, 'log' | 'signal'> {
  readonly commercetools: CommercetoolsClient;
  readonly projects: ReadonlyMap<string, OpenProject>;
}

export interface RunOptions {
  /** The account of a project; an event that names no project belongs to the only account there is. */
  readonly accountOf: (projectKey: string | undefined) => AccountContext | undefined;
  /** How long a run without a deadline may start new work. */
  readonly runMilliseconds: number;
  /** How long work in flight may take after that; no upstream request takes longer. */
  readonly graceMilliseconds: number;
  readonly log: Log;
}

/** Creates the job of an event and its route. Throws a `Rejection` if the event's project has no account. */
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
  // A deletion must not be coalesced with a change, nor an event without a version with one that has one.
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
          // Created on demand: few runs log anything, and the logger is the most expensive part of a context.
          get log() {
            child ??= log.child({ event: newest.identity, route: route.name });
            return child;
          },
          signal,
          commercetools: new BoundCommercetools(account.commercetools, signal),
          fluent: new BoundFluent(account.fluent, signal),
          // Created on demand: few runs read another project.
          get projects() {
            return boundProjects(account.projects, signal);
          },
        };
        const handle = async (given: Context) =>
          checked(await withLines(route.handle(newest, given), route), route);
        return correlated(newest.identity, () => (span ? runTraced(span, context, handle) : handle(context)));
      });
    },
  };
}

/** The outcome of a run for one of the events that shared it. An event with a newer version than was handled is retried. */
export function outcomeFor({ version, resource }: Event, outcome: Outcome): Outcome {
  if (outcome.kind !== 'done' || outcome.version === undefined) return outcome;
  if (version === undefined || version <= outcome.version) return outcome;
  return {
    kind: 'failed',
    reason: 'stale-read',
    detail: `Expected version ${version} of ${resource?.typeId} ${resource?.id} or a newer one, got ${outcome.version}; commercetools returned stale data.`,
  };
}

/**
 * Runs `work` with a signal that aborts after `milliseconds`, and stops waiting for it after the grace period, so that a
 * handler that ignores its signal cannot occupy the queue for ever.
 */
async function withinTime(
  milliseconds: number,
  graceMilliseconds: number,
  work: (signal: AbortSignal) => Promise<Outcome>,
): Promise<Outcome> {
  const controller = new AbortController();
  const abandoned = Promise.withResolvers<never>();
  let timer = setTimeout(() => {
    timer = setTimeout(() => {
      abandoned.reject(new Failure('out-of-time', 'The handler did not finish within its time.'));
    }, graceMilliseconds);
    controller.abort();
  }, milliseconds);
  try {
    return await Promise.race([work(controller.signal), abandoned.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Adds the line of the connector file to change to what does not fit Fluent's schema. */
async function withLines(handled: Promise<Outcome>, { lineOf }: BoundRoute): Promise<Outcome> {
  try {
    return await handled;
  } catch (error) {
    if (!(error instanceof SchemaMismatch) || !lineOf) throw error;
    throw error.advised((problem) => advise(problem, lineOf('field' in problem ? problem.field : '')));
  }
}

/** Checks the result of a handler, which may be JavaScript or lack a `return`. */
function checked(outcome: Outcome, { handler }: BoundRoute): Outcome {
  if (isOutcome(outcome)) return outcome;
  throw new Failure(
    'no-outcome',
    `Expected ${handler.source} to return an outcome ({ kind, reason }, with a detail where it is rejected or failed), got something else.`,
  );
}

type Done = Extract<Outcome, { kind: 'done' }>;

function isOutcome(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, reason, detail, version, changed }: { [Key in keyof Done | 'detail']?: unknown } = value;
  if (!OUTCOME_KINDS.some((one) => one === kind) || typeof reason !== 'string') return false;
  if (version !== undefined && typeof version !== 'number') return false;
  if (changed !== undefined && !(Array.isArray(changed) && changed.every((name) => typeof name === 'string')))
    return false;
  return kind === 'done' || kind === 'ignored' || typeof detail === 'string';
}
