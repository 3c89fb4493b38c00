import PQueue from 'p-queue';
import type { Customer } from '../../commercetools/commercetools.ts';
import type { OpenAccount } from '../../engine/accounts.ts';
import { openEngine } from '../../engine/engine.ts';
import { jobFor } from '../../engine/run.ts';
import { EventQueue, type Ticket } from '../../event-queue/event-queue.ts';
import type { Fluent } from '../../fluent/fluent.ts';
import type { Context, Previewing } from '../../handler.ts';
import type { Event } from '../../notification/event.ts';
import { createLog } from '../../observe/log.ts';
import { Failure, type Outcome, outcomeOf } from '../../outcome.ts';
import type { BoundRoute } from '../../router/bind-routes.ts';
import { correlated } from '../../upstream/correlation.ts';
import type { Io } from '../io.ts';
import { describeUnknown, logTo } from '../log.ts';
import type { BlankingGuard } from './blanking-guard.ts';
import { limitHeap } from './limit-heap.ts';
import { createPageReads, type PageReads } from './page-cache.ts';
import { readOnly } from './read-only.ts';
import { retry } from './retry.ts';
import { customerRoute, noAccount, projectKeyOf, siblingsOf } from './route.ts';

/** The customer handler of the routing table at work on one account, as the service has it. */
export interface CustomerWork {
  readonly account: OpenAccount;
  /** The accounts that feed the same customers of Fluent, this one among them. */
  readonly siblings: readonly OpenAccount[];
  readonly route: BoundRoute;
  readonly pages: PageReads;
  /**
   * Handles an event through the event queue, and retries failures a few times. Returns undefined if the run was stopped. A
   * guard checks every write first, unless the preview of the customer was counted before (`isForeseen`).
   */
  handle(event: Event, options?: { readonly isForeseen?: boolean }): Promise<Outcome | undefined>;
  /** Previews a customer, with the same retries; undefined where the handler has no preview. */
  readonly preview: ((event: Event) => ReturnType<Previewing['preview']>) | undefined;
  close(): Promise<void>;
}

export interface WorkOptions {
  /** A project key; it may be left out where there is one account only. */
  readonly account?: string | undefined;
  readonly concurrency?: number | undefined;
  readonly guard?: BlankingGuard | undefined;
}

/** Commands have no ack deadline, so upstream requests get a longer time-out. */
const RUN_SECONDS = 60;
/** The size of a page. Each upstream limits its requests in flight, and the pages limit the memory. */
const CONCURRENCY = 500;
/** The maximum number of handler errors that are printed. */
const MAX_PRINTED = 5;

/**
 * Opens one account with the customer route; after `stop` nothing more is started. Throws a `ConfigurationError` when there is
 * no such account or route.
 */
export async function openCustomerWork(
  io: Io,
  options: WorkOptions,
  stop: AbortSignal,
): Promise<CustomerWork> {
  const configuration = await io.configuration();
  limitHeap();
  // Log lines would break the progress bar.
  const log = io.terminal ? createLog('silent') : logTo(io);
  const projectKey = projectKeyOf(configuration, options.account);
  const route = customerRoute(configuration);
  const { environment } = configuration;
  const engine = openEngine(
    { ...configuration, environment: { ...environment, ackDeadlineSeconds: RUN_SECONDS } },
    log,
  );
  const account = engine.accountOf(projectKey);
  if (!account) throw noAccount(configuration);
  const pages = createPageReads(account.commercetools);
  const working = { ...account, commercetools: pages.commercetools };
  const slots = new PQueue({ concurrency: options.concurrency ?? CONCURRENCY });
  const unbounded = Number.POSITIVE_INFINITY;
  const queue = new EventQueue<Event>({ limit: unbounded, longestWaitMilliseconds: unbounded });
  const tickets = new Set<Ticket>();
  stop.addEventListener('abort', () => {
    for (const ticket of tickets) ticket.leaveOut();
  });
  const milliseconds = RUN_SECONDS * 1000;
  const jobOptions = {
    runMilliseconds: milliseconds,
    graceMilliseconds: milliseconds,
    log,
  };

  async function handleOnce(event: Event, fluent: Fluent): Promise<Outcome> {
    if (stop.aborted) throw new Failure('interrupted', 'The run was interrupted.');
    const ticket = queue.enqueue(
      jobFor(event, route, undefined, { ...jobOptions, accountOf: () => ({ ...working, fluent }) }),
    );
    tickets.add(ticket);
    const outcome = await ticket.outcome;
    tickets.delete(ticket);
    if (outcome.kind !== 'failed') return outcome;
    if (outcome.cause !== undefined) printOnce(outcome.cause);
    const { reason, detail, retryAfterSeconds, correlationId } = outcome;
    const options = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
    throw new Failure(reason, detail, options).about(correlationId);
  }

  const printed = new Set<string>();
  /** The same error of a handler occurs for every customer, so it is printed once. */
  function printOnce(error: unknown): void {
    const text = describeUnknown(error, io);
    if (printed.size >= MAX_PRINTED || printed.has(text)) return;
    printed.add(text);
    io.err(text);
  }

  const { preview } = route;
  return {
    account,
    siblings: siblingsOf(configuration, projectKey).flatMap((key) => engine.accountOf(key) ?? []),
    route,
    pages,
    async handle(event, { isForeseen = false } = {}) {
      if (stop.aborted) return undefined;
      const guard = isForeseen ? undefined : options.guard;
      const customer = guard?.customer();
      const work = (fluent: Fluent) => handleOnce(event, fluent);
      const attempt = () =>
        guard && customer ? guard.watch(customer, account.fluent, work) : work(account.fluent);
      try {
        return await retry(() => slots.add(attempt), stop);
      } catch (error) {
        return stop.aborted ? undefined : outcomeOf(error);
      }
    },
    preview:
      preview &&
      ((event) => retry(() => correlated(event.identity, () => preview(event, looking(event))), stop)),
    close: () => engine.close(),
  };

  function looking(event: Event): Context {
    const child = log.child({ event: event.identity, route: route.name });
    return { ...working, fluent: readOnly(account?.fluent ?? working.fluent), log: child, signal: stop };
  }
}

/** An event as if the customer had just changed. */
export function changeOf(projectKey: string, id: string, customer: Customer | undefined): Event {
  const { key, externalId, customerNumber } = customer ?? {};
  const identifiers = {
    ...(key !== undefined && { key }),
    ...(externalId !== undefined && { externalId }),
    ...(customerNumber !== undefined && { customerNumber }),
  };
  return {
    identity: customer ? `customer/${id}@${customer.version}` : `customer/${id}`,
    kind: 'ResourceUpdated',
    projectKey,
    resource: { typeId: 'customer', id, identifiers },
    ...(customer && { version: customer.version }),
    deletion: false,
  };
}
