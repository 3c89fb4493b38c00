import { EventQueue, type Job, type QueueOptions } from '../event-queue/event-queue.ts';
import type { Event } from '../notification/event.ts';
import type { Log } from '../observe/log.ts';
import type { Observer } from '../observe/observer.ts';
import type { Span } from '../observe/span.ts';
import type { BoundRoute } from '../router/bind-routes.ts';
import { createRouter } from '../router/router.ts';
import { type AccountConfig, type AccountOptions, type OpenAccount, openAccounts } from './accounts.ts';
import { jobFor } from './run.ts';

/** What turns a delivery into its outcome, for the service and the command line alike; no HTTP, no dead letters. */
export interface Engine {
  readonly accounts: readonly OpenAccount[];
  /** The account of a project; an event that names no project belongs to the only account there is. */
  accountOf(projectKey: string | undefined): OpenAccount | undefined;
  /** The first route that matches the event. */
  route(event: Event): BoundRoute | undefined;
  readonly queue: EventQueue<Event>;
  /**
   * Creates the job of an event and its route; nothing is started for it after `deadline`, in milliseconds of
   * `performance.now()`.
   */
  jobFor(event: Event, route: BoundRoute, deadline?: number, span?: Span): Job<Event>;
  readonly deadlines: Deadlines;
  /** Closes the connections to the upstreams; requests in flight fail. */
  close(): Promise<void>;
}

/** Time limits in milliseconds, derived from the ack deadline. */
export interface Deadlines {
  /** From a push's arrival to its answer; work in flight may take as long again. */
  readonly answer: number;
  /** One upstream request with its body; two fit into `answer`. */
  readonly request: number;
}

/** The parts of the configuration that the engine needs. */
export interface EngineInputs {
  readonly environment: Pick<
    AccountOptions,
    'commercetoolsConcurrency' | 'fluentConcurrency' | 'fluentBatch'
  > & {
    readonly ackDeadlineSeconds: number;
    readonly queue: Pick<QueueOptions, 'limit'>;
  };
  readonly connector: { readonly accounts: readonly AccountConfig[] };
  readonly routes: readonly BoundRoute[];
}

/** Called when it is known whether an upstream's credentials work, and whether a Fluent account takes the fields that are written. */
export type UpstreamListener = Pick<AccountOptions, 'onCredentials' | 'onSchema'>;

/** Opens the accounts, the router and the queue. */
export function openEngine(
  { environment, connector, routes }: EngineInputs,
  log: Log,
  listener: UpstreamListener = { onCredentials: () => {} },
  observer?: Observer,
): Engine {
  const deadlines = deadlinesOf(environment.ackDeadlineSeconds);
  const accounts = openAccounts(connector.accounts, {
    ...environment,
    requestMilliseconds: deadlines.request,
    budgetMilliseconds: deadlines.answer,
    log,
    observer,
    ...listener,
  });
  const byProject = new Map(accounts.map((account) => [account.account.projectKey, account]));
  const onlyAccount = accounts.length === 1 ? accounts[0] : undefined;
  const accountOf = (projectKey: string | undefined) =>
    projectKey === undefined ? onlyAccount : byProject.get(projectKey);
  const runOptions = {
    accountOf,
    runMilliseconds: deadlines.answer,
    graceMilliseconds: deadlines.answer,
    log,
  };
  return {
    accounts,
    accountOf,
    route: createRouter(routes),
    queue: new EventQueue<Event>({
      ...environment.queue,
      longestWaitMilliseconds: deadlines.answer,
      observer,
    }),
    jobFor: (event, route, deadline, span) => jobFor(event, route, deadline, runOptions, span),
    deadlines,
    async close() {
      await Promise.all(accounts.flatMap(({ upstreams }) => upstreams.map((upstream) => upstream.close())));
    },
  };
}

function deadlinesOf(ackDeadlineSeconds: number): Deadlines {
  const answer = answerMilliseconds(ackDeadlineSeconds);
  return { answer, request: Math.min(10_000, answer / 2) };
}

/** When a push is answered at the latest, in milliseconds from its arrival: a margin before the sender's time limit. */
export function answerMilliseconds(timeLimitSeconds: number): number {
  const whole = timeLimitSeconds * 1000;
  return whole - Math.min(1_000, whole / 10);
}
