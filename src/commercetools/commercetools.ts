import {
  type ByProjectKeyRequestBuilder,
  type Customer,
  createApiBuilderFromCtpClient,
} from '@commercetools/platform-sdk';
import { createClient } from '@commercetools/sdk-client-v2';
import { Failure } from '../outcome.ts';
import { BatchSize, batch, halve } from '../upstream/batch.ts';
import { UpstreamFault } from '../upstream/fault.ts';
import type { Purpose, Upstream } from '../upstream/upstream.ts';
import { NotFound, sendThrough } from './send-through.ts';
import { versionsIn, versionsRequest } from './versions.ts';

export type { Customer, Message, SubscriptionNotification } from '@commercetools/platform-sdk';
export {
  ChangeSubscriptionResourceTypeIdValues,
  MessageSubscriptionResourceTypeIdValues,
} from '@commercetools/platform-sdk';

/** A commercetools project. Only this folder uses the SDK, so that replacing it changes nothing else. */
export interface Commercetools {
  /**
   * The current customer, or undefined if it does not exist (any more). Concurrent reads are batched into one query. A
   * customer that the query misses, or returns with a version below `atLeast`, is read again by id; if that is stale too, a
   * `Failure` is thrown, or the customer is returned with `allowStale`.
   */
  readCustomer(
    id: string,
    options?: { atLeast?: number | undefined; allowStale?: boolean },
  ): Promise<Customer | undefined>;
  /** Like `readCustomer`, but always by id, because queries may be stale. */
  readCustomerById(id: string): Promise<Customer | undefined>;
  /**
   * The customer's version, looked up by its id, or undefined if it does not exist (any more). Concurrent calls are batched
   * into one request. Used for the check after a write.
   */
  readVersion(id: string): Promise<number | undefined>;
  /**
   * The SDK's request builder for everything else, with the same token, limits, retry and deadline. Throws `NotFound` for a
   * resource that does not exist.
   */
  readonly api: ByProjectKeyRequestBuilder;
}

/** A client that is not bound to a run. */
export interface CommercetoolsClient extends Commercetools {
  /** As `api`, but after `signal` has aborted only GET and HEAD are sent; other requests fail with `out-of-time`. */
  apiUntil(signal: AbortSignal): ByProjectKeyRequestBuilder;
}

export interface CommercetoolsOptions {
  readonly projectKey: string;
  readonly apiUrl: string;
  /** Customers a request, 500 at most; 1 turns batches off. */
  readonly batch: number;
}

/** Creates the client for one project; `upstream` sends the requests. */
export function createCommercetools(upstream: Upstream, options: CommercetoolsOptions): CommercetoolsClient {
  /** The SDK cannot pass a purpose with a request, so each purpose has its own client; clients have no state. */
  function apiFor(purpose: Purpose): ByProjectKeyRequestBuilder {
    const client = createClient({ middlewares: [sendThrough(upstream, options.apiUrl, purpose)] });
    return createApiBuilderFromCtpClient(client).withProjectKey({ projectKey: options.projectKey });
  }

  async function readById(id: string, operation: 'read' | 'check' = 'read'): Promise<Customer | undefined> {
    try {
      const customers = apiFor({ operation, size: 1 }).customers();
      return (await customers.withId({ ID: id }).get().execute()).body;
    } catch (error) {
      if (error instanceof NotFound) return undefined;
      throw error;
    }
  }

  async function query(ids: readonly string[]): Promise<(Read | Error)[]> {
    const [only = '', ...more] = new Set(ids);
    // A single customer is read by id: it costs the same and is never stale.
    if (more.length === 0) {
      const customer = await readById(only);
      return ids.map(() => ({ customer, queried: false }));
    }
    const distinct = [only, ...more];
    const where = `id in (${distinct.map((id) => JSON.stringify(id)).join(',')})`;
    const queryArgs = { where, limit: distinct.length, withTotal: false };
    const api = apiFor({ operation: 'read', size: distinct.length });
    const { body } = await api.customers().get({ queryArgs }).execute();
    const found = new Map(body.results.map((customer) => [customer.id, customer]));
    return ids.map((id) => ({ customer: found.get(id), queried: true }));
  }

  async function loadVersions(ids: readonly string[]): Promise<(number | undefined | Error)[]> {
    const [only = '', ...more] = ids;
    if (more.length === 0) return [(await readById(only, 'check'))?.version];
    const api = apiFor({ operation: 'check', size: ids.length });
    const { body } = await api
      .graphql()
      .post({ body: versionsRequest(ids) })
      .execute();
    return versionsIn(upstream.name, ids, body);
  }

  const { batch: size } = options;
  const versionBatchSize = new BatchSize(size);
  const isTooLarge = (error: unknown, { length }: readonly string[]) => {
    if (!isRefused(error)) return false;
    versionBatchSize.refuse(length);
    return true;
  };
  const read = batch<string, Read>({
    size,
    load: (ids) => halve(ids, query, isRefused),
  });
  const readVersion = batch<string, number | undefined>({
    size,
    load: async (ids) => {
      const parts = versionBatchSize.split(ids).map((part) => halve(part, loadVersions, isTooLarge));
      return (await Promise.all(parts)).flat();
    },
  });

  return {
    api: apiFor({ operation: 'other', size: 1 }),
    apiUntil: (signal) => apiFor({ operation: 'other', size: 1, startSignals: [signal] }),
    readCustomerById: (id) => readById(id),
    readVersion,
    async readCustomer(id, { atLeast = 0, allowStale = false } = {}) {
      const { customer, queried } = await read(id);
      const isFresh = !queried || (customer && customer.version >= atLeast);
      // A query may be older than the change that the event is about.
      const current = isFresh ? customer : await readById(id);
      return allowStale ? current : notOlder(id, atLeast, current);
    },
  };
}

/** A customer as it was read, and whether by a query, which may be stale. */
interface Read {
  readonly customer: Customer | undefined;
  readonly queried: boolean;
}

/** True for a response that refuses the request without naming one of its customers, or because it is too large. */
function isRefused(error: unknown): boolean {
  return error instanceof UpstreamFault && error.kind === 'final';
}

function notOlder(id: string, atLeast: number, customer: Customer | undefined): Customer | undefined {
  if (!customer || customer.version >= atLeast) return customer;
  throw new Failure(
    'stale-read',
    `Expected version ${atLeast} of customer ${id} or a newer one, got ${customer.version}; commercetools returned stale data.`,
  );
}
