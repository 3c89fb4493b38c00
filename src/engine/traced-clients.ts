import type { Commercetools } from '../commercetools/commercetools.ts';
import type { Job } from '../event-queue/event-queue.ts';
import type { Fluent } from '../fluent/fluent.ts';
import type { Event } from '../notification/event.ts';
import { type Span, timed } from '../observe/span.ts';

interface Clients {
  readonly commercetools: Commercetools;
  readonly fluent: Fluent;
}

/**
 * The clients, with a span for each call of this run. The span of a call that was sent in a batch is as long as the batch:
 * it shows how long this event waited.
 */
function traced<Context extends Clients>(context: Context, span: Span): Context {
  const { commercetools, fluent } = context;
  const reading: Commercetools = {
    // Created on demand.
    get api() {
      return commercetools.api;
    },
    readCustomer: (...given) => timed(span, 'read', () => commercetools.readCustomer(...given)),
    readCustomerById: (...given) => timed(span, 'read', () => commercetools.readCustomerById(...given)),
    readVersion: (...given) => timed(span, 'check', () => commercetools.readVersion(...given)),
  };
  // All arguments are passed on: the signal of a write must have its effect with tracing too.
  const writing: Fluent = {
    findCustomer: (...given) => timed(span, 'look-up', () => fluent.findCustomer(...given)),
    createCustomer: (...given) => timed(span, 'write', () => fluent.createCustomer(...given)),
    updateCustomer: (...given) => timed(span, 'write', () => fluent.updateCustomer(...given)),
    request: (...given) => timed(span, 'other', () => fluent.request(...given)),
  };
  return { ...context, commercetools: reading, fluent: writing };
}

/** Runs a handler in its own span, with traced clients. */
export function runTraced<Context extends Clients, T>(
  span: Span,
  context: Context,
  work: (context: Context) => Promise<T>,
): Promise<T> {
  return timed(span, 'handle', (child) => work(traced(context, child)));
}

const spans = new WeakMap<Job<Event>, Span>();

/** The job with a span for its wait. If the job is coalesced into another's run, the span links to that push. */
export function withWaitSpan(job: Job<Event>, span: Span): Job<Event> {
  const wait = span.child('wait');
  const waiting: Job<Event> = {
    ...job,
    started(by) {
      const other = by === waiting ? undefined : spans.get(by);
      if (other) wait.link(other);
      wait.end({ 'customer_sync.shared': other !== undefined });
    },
  };
  spans.set(waiting, span);
  return waiting;
}
