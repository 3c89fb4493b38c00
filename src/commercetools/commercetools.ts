import {
  type ByProjectKeyRequestBuilder,
  type Customer,
  createApiBuilderFromCtpClient,
} from '@commercetools/platform-sdk';
import { createClient, type Middleware } from '@commercetools/sdk-client-v2';
import { z } from 'zod';
import { Failure } from '../outcome.ts';
import type { Request } from '../upstream/exchange.ts';
import { UpstreamFault } from '../upstream/fault.ts';
import { gather } from '../upstream/gather.ts';
import { readJson, readObject } from '../upstream/read-json.ts';
import type { Purpose, Upstream } from '../upstream/upstream.ts';
import { NotFound } from './not-found.ts';
import { QueryTrust } from './query-trust.ts';

export type { Customer } from '@commercetools/platform-sdk';

/** A commercetools project. This file is the only one that knows the SDK: changing the SDK is an edit of it. */
export interface Commercetools {
  /**
   * The customer as it is now, or undefined when there is none (any more). Concurrent reads leave as one query; what a
   * query misses, or holds older than `atLeast`, is read again by id. When it is older even then, throws `Failure`, or with
   * `allowStale` returns it as it is.
   */
  readCustomer(
    id: string,
    options?: { atLeast?: number | undefined; allowStale?: boolean },
  ): Promise<Customer | undefined>;
  /** The version of the customer as it is now, or undefined when there is none (any more); concurrent calls leave as one request. */
  readVersion(id: string): Promise<number | undefined>;
  /** As `readCustomer`, by a request of its own: never older than the last write that commercetools has confirmed. */
  readCustomerById(id: string): Promise<Customer | undefined>;
  /**
   * The SDK's request builder for everything else, with the same token, limits, retry and deadline. Throws `NotFound` for a
   * resource that does not exist.
   */
  readonly api: ByProjectKeyRequestBuilder;
}

/** A client that is not bound to a run. */
export interface CommercetoolsClient extends Commercetools {
  /** As `api`; but a request that is no GET or HEAD is not sent once `signal` has aborted, and fails with `out-of-time`. */
  apiUntil(signal: AbortSignal): ByProjectKeyRequestBuilder;
}

export interface CommercetoolsOptions {
  readonly projectKey: string;
  readonly apiUrl: string;
  /** Customers a query, 500 at most; 1 turns gathering off. */
  readonly batch: number;
}

/** The client for one project; `upstream` carries the requests. */
export function createCommercetools(upstream: Upstream, options: CommercetoolsOptions): CommercetoolsClient {
  /** The SDK has no place for what a request is for, so every purpose has a client of its own; it holds nothing. */
  function apiFor(purpose: Purpose): ByProjectKeyRequestBuilder {
    const client = createClient({ middlewares: [sendThrough(upstream, options.apiUrl, purpose)] });
    return createApiBuilderFromCtpClient(client).withProjectKey({ projectKey: options.projectKey });
  }

  async function readById(id: string, operation: 'read' | 'check'): Promise<Customer | undefined> {
    try {
      const customers = apiFor({ operation, size: 1 }).customers();
      return (await customers.withId({ ID: id }).get().execute()).body;
    } catch (error) {
      if (error instanceof NotFound) return undefined;
      throw error;
    }
  }

  async function readMany(ids: readonly string[], operation: 'read' | 'check'): Promise<(Read | Error)[]> {
    const [only, ...more] = [...new Set(ids)];
    // One alone is read by id: the same price, and its answer is the last word.
    if (only !== undefined && more.length === 0) {
      const read = await readById(only, operation).then(
        (customer) => ({ customer, queried: false }),
        asError,
      );
      return ids.map(() => read);
    }
    const distinct = [only, ...more];
    const where = `id in (${distinct.map((id) => JSON.stringify(id)).join(',')})`;
    const queryArgs = { where, limit: distinct.length, withTotal: false };
    const api = apiFor({ operation, size: distinct.length });
    try {
      const { body } = await api.customers().get({ queryArgs }).execute();
      const found = new Map(body.results.map((customer) => [customer.id, customer]));
      return ids.map((id) => ({ customer: found.get(id), queried: true }));
    } catch (error) {
      if (!(error instanceof UpstreamFault) || error.kind !== 'final') throw error;
      // Something in the query is refused, and nobody knows whose: each for itself then.
      return (await Promise.all(ids.map((id) => readMany([id], operation)))).flat();
    }
  }

  const read = gather<string, Read>(options.batch, (ids) => readMany(ids, 'read'));
  const check = gather<string, Read>(options.batch, (ids) => readMany(ids, 'check'));
  const trust = new QueryTrust();

  return {
    api: apiFor({ operation: 'other', size: 1 }),
    apiUntil: (signal) => apiFor({ operation: 'other', size: 1, begin: [signal] }),
    readCustomerById: (id) => readById(id, 'read'),
    readVersion: async (id) => (await readOne(id, 0, true, true))?.version,
    readCustomer: (id, { atLeast = 0, allowStale = false } = {}) => readOne(id, atLeast, allowStale, false),
  };

  async function readOne(id: string, atLeast: number, allowStale: boolean, checking: boolean) {
    // A check looks for another's write; from a query that lags, that it is not there would mean nothing.
    if (checking && !trust.trusted) return readById(id, 'check');
    const { customer, queried } = await (checking ? check : read)(id);
    if (queried && customer) trust.shown(customer.lastModifiedAt);
    if (queried && customer && customer.version >= atLeast) return customer;
    // A query may lag behind the write that the event tells of, so it has not the last word.
    const byId = queried ? await readById(id, checking ? 'check' : 'read') : customer;
    if (queried && byId && byId.version !== customer?.version) trust.lagged();
    return allowStale ? byId : notOlder(id, atLeast, byId);
  }
}

/** A customer as it was read, and whether by a query, which may lag. */
interface Read {
  readonly customer: Customer | undefined;
  readonly queried: boolean;
}

function notOlder(id: string, atLeast: number, customer: Customer | undefined): Customer | undefined {
  if (!customer || customer.version >= atLeast) return customer;
  throw new Failure(
    'stale-read',
    `Expected version ${atLeast} of customer ${id} or a newer one, got ${customer.version}; commercetools lags behind its notification.`,
  );
}

const NotFoundAnswer = z.object({ errors: z.array(z.object({ code: z.string() })) });

/** A gateway, or a wrong URL, answers 404 too; taken for commercetools' own it would make every customer a deleted one. */
function saysNotFound(name: string, text: string): boolean {
  const answer = NotFoundAnswer.safeParse(readJson(name, text));
  return answer.success && answer.data.errors.some(({ code }) => code === 'ResourceNotFound');
}

/**
 * The SDK's own HTTP middleware leaves the body out of its time-out and never settles when an error's body breaks off;
 * ours hands the request to the upstream, which knows about both.
 */
function sendThrough(upstream: Upstream, apiUrl: string, purpose: Purpose): Middleware {
  return (next) => async (request, response) => {
    const method = request.method;
    try {
      if (method !== 'GET' && method !== 'POST' && method !== 'DELETE' && method !== 'HEAD')
        throw new TypeError(`Expected GET, POST, DELETE or HEAD, got ${method}.`);
      const sent: Request = {
        method,
        url: apiUrl + request.uri,
        headers: { accept: 'application/json', 'content-type': 'application/json' },
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      };
      const body = await upstream.send(
        sent,
        (answer) => {
          if (answer.status === 404 && saysNotFound(upstream.name, answer.text))
            throw new NotFound(upstream.name);
          if (answer.status < 300) return method === 'HEAD' ? {} : readObject(upstream.name, answer.text);
          const detail = `${upstream.name} answered HTTP ${answer.status} to ${method}.`;
          throw new UpstreamFault('final', `http-${answer.status}`, detail);
        },
        method === 'GET' || method === 'HEAD' ? { ...purpose, begin: [] } : purpose,
      );
      next(request, { ...response, body, statusCode: 200 });
    } catch (error) {
      // The SDK hands on what it is given here; its type wants an index signature beside the error.
      const untyped: Record<string, unknown> = {};
      response.reject(Object.assign(asError(error), untyped));
    }
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('Something that is no error was thrown.');
}
