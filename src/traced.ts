import type { Commercetools } from './commercetools/commercetools.ts';
import type { Fluent } from './fluent/fluent.ts';
import { type Span, timed } from './traces.ts';

interface Clients {
  readonly commercetools: Commercetools;
  readonly fluent: Fluent;
}

/**
 * The clients with a span for each call of this run. A call that leaves in a batch with others' takes as long as the batch:
 * the span is what this event waited for, not its share of the upstream's work.
 */
export function traced<Context extends Clients>(context: Context, span: Span): Context {
  const { commercetools, fluent } = context;
  const reading: Commercetools = {
    ...commercetools,
    readCustomer: (id, options) =>
      timed(span, options?.check ? 'check' : 'read', () => commercetools.readCustomer(id, options)),
    readCustomerById: (id) => timed(span, 'read', () => commercetools.readCustomerById(id)),
  };
  const writing: Fluent = {
    findCustomer: (username, options) =>
      timed(span, 'look-up', () => fluent.findCustomer(username, options)),
    createCustomer: (input) => timed(span, 'write', () => fluent.createCustomer(input)),
    updateCustomer: (input) => timed(span, 'write', () => fluent.updateCustomer(input)),
    request: (query, variables) => timed(span, 'other', () => fluent.request(query, variables)),
  };
  return { ...context, commercetools: reading, fluent: writing };
}
