import type { ByProjectKeyRequestBuilder, Customer } from '@commercetools/platform-sdk';
import type { Middleware } from '@commercetools/sdk-client-v2';
import { z } from 'zod';
import { Failure } from '../outcome.ts';
import { batch } from '../upstream/batch.ts';
import { BatchSize } from '../upstream/batch-size.ts';
import type { Request } from '../upstream/exchange.ts';
import { UpstreamFault } from '../upstream/fault.ts';
import { halve } from '../upstream/halve.ts';
import { readJson, readObject } from '../upstream/read-json.ts';
import type { Purpose, Upstream } from '../upstream/upstream.ts';
import { loadSdk } from './load-sdk.ts';
import { NotFound } from './not-found.ts';
import { versionsIn, versionsRequest } from './versions.ts';

export type { Customer } from '@commercetools/platform-sdk';

/** A commercetools project. This file is the only one that knows the SDK: changing the SDK is an edit of it. */
export interface Commercetools {
  /**
   * The customer as it is now, or undefined when there is none (any more). Concurrent reads are batched into one query; what
   * a query misses, or shows older than `atLeast`, is read again by id. A customer that is older even then throws a
   * `Failure`, or is returned as it is where the caller says `allowStale`.
   */
  readCustomer(
    id: string,
    options?: { atLeast?: number | undefined; allowStale?: boolean },
  ): Promise<Customer | undefined>;
  /** The same by a request of its own, which no query's lag can touch. */
  readCustomerById(id: string): Promise<Customer | undefined>;
  /**
   * The customer's version, looked up by its id, or undefined when there is none (any more). Concurrent calls are batched
   * into one request: this is the check after a write.
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
  /** As `api`; but a request that is no GET or HEAD is not sent once `signal` has aborted, and fails with `out-of-time`. */
  apiUntil(signal: AbortSignal): ByProjectKeyRequestBuilder;
}

export interface CommercetoolsOptions {
  readonly projectKey: string;
  readonly apiUrl: string;
  /** Customers a request, 500 at most; 1 turns batches off. */
  readonly batch: number;
}

/** The client for one project; `upstream` carries the requests. */
export function createCommercetools(upstream: Upstream, options: CommercetoolsOptions): CommercetoolsClient {
  /** The SDK has no place for what a request is for, so every purpose has a client of its own; it holds nothing. */
  function apiFor(purpose: Purpose): ByProjectKeyRequestBuilder {
    const { createClient, createApiBuilderFromCtpClient } = loadSdk();
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
    // One alone is read by id: it costs the same, and its answer is the last word.
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

  async function askVersions(ids: readonly string[]): Promise<(number | undefined | Error)[]> {
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
  const versionsAtOnce = new BatchSize(size);
  const isTooMuch = (error: unknown, { length }: readonly string[]) => {
    if (!isRefused(error)) return false;
    versionsAtOnce.refuse(length);
    return true;
  };
  const read = batch<string, Read>({
    size,
    load: (ids) => halve(ids, query, isRefused),
  });
  const readVersion = batch<string, number | undefined>({
    size,
    load: async (ids) => {
      const parts = versionsAtOnce.split(ids).map((part) => halve(part, askVersions, isTooMuch));
      return (await Promise.all(parts)).flat();
    },
  });

  return {
    api: apiFor({ operation: 'other', size: 1 }),
    apiUntil: (signal) => apiFor({ operation: 'other', size: 1, begin: [signal] }),
    readCustomerById: (id) => readById(id),
    readVersion,
    async readCustomer(id, { atLeast = 0, allowStale = false } = {}) {
      const { customer, queried } = await read(id);
      const isEnough = !queried || (customer && customer.version >= atLeast);
      // A query may lag behind the write that the event tells of, so it has not the last word.
      const current = isEnough ? customer : await readById(id);
      return allowStale ? current : notOlder(id, atLeast, current);
    },
  };
}

/** A customer as it was read, and whether by a query, which may lag. */
interface Read {
  readonly customer: Customer | undefined;
  readonly queried: boolean;
}

/** Something in the request is refused, and it does not say whose, or that it is too much. */
function isRefused(error: unknown): boolean {
  return error instanceof UpstreamFault && error.kind === 'final';
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
