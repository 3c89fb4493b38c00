import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

const identities = new AsyncLocalStorage<string>();

/** What commercetools is known to take. */
const MIN_LENGTH = 8;
const MAX_LENGTH = 256;

/** Runs work for an event: the requests that it makes carry the event's identity as `X-Correlation-ID`. */
export function correlated<T>(identity: string, work: () => T): T {
  return identities.run(identity, work);
}

/**
 * Returns the `X-Correlation-ID` for the next request, which has `size` customers: the identity of the event, or of the first
 * event of a batch. A request without an event gets a new id.
 */
export function correlationId(size = 1): string {
  const identity = identities.getStore()?.replace(/[^\w/-]/g, '-') ?? `customer-sync/${randomUUID()}`;
  const more = size > 1 ? `/and-${size - 1}-more` : '';
  const long = identity.length < MIN_LENGTH ? `customer-sync/${identity}` : identity;
  return long.slice(0, MAX_LENGTH - more.length) + more;
}
