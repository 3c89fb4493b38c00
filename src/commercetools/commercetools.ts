import {
  type ByProjectKeyRequestBuilder,
  type Customer,
  createApiBuilderFromCtpClient,
} from '@commercetools/platform-sdk';
import { createClient, type Middleware } from '@commercetools/sdk-client-v2';
import { Failure } from '../outcome.ts';
import type { Request } from '../upstream/exchange.ts';
import { UpstreamFault } from '../upstream/fault.ts';
import { gather } from '../upstream/gather.ts';
import { readObject } from '../upstream/read-json.ts';
import { PRIORITY, type Upstream } from '../upstream/upstream.ts';

export type { Customer } from '@commercetools/platform-sdk';

/** A commercetools project. This file is the only one that knows the SDK: changing the SDK is an edit of it. */
export interface Commercetools {
  /**
   * The customer as it is now, or undefined when there is none (any more). Concurrent reads leave as one query; what a
   * query misses, or holds older than `atLeast`, is read again by id. Throws `Failure` when it is older even then.
   */
  readCustomer(
    id: string,
    options?: { atLeast?: number | undefined; check?: boolean },
  ): Promise<Customer | undefined>;
  /** As `readCustomer`, by a request of its own: never older than the last write that commercetools has confirmed. */
  readCustomerById(id: string): Promise<Customer | undefined>;
  /** The SDK's request builder for everything else, with the same token, limits, retry and deadline. */
  readonly api: ByProjectKeyRequestBuilder;
}

export interface CommercetoolsOptions {
  readonly projectKey: string;
  readonly apiUrl: string;
  /** Customers a query, 500 at most; 1 turns gathering off. */
  readonly batch: number;
}

/** The client for one project; `upstream` carries the requests. */
export function createCommercetools(upstream: Upstream, options: CommercetoolsOptions): Commercetools {
  const client = createClient({ middlewares: [sendThrough(upstream, options.apiUrl)] });
  const api = createApiBuilderFromCtpClient(client).withProjectKey({ projectKey: options.projectKey });

  async function readCustomerById(id: string): Promise<Customer | undefined> {
    try {
      return (await api.customers().withId({ ID: id }).get().execute()).body;
    } catch (error) {
      if (error instanceof NotFound) return undefined;
      throw error;
    }
  }

  async function readMany(ids: readonly string[]): Promise<(Customer | undefined | Error)[]> {
    const [only, ...more] = [...new Set(ids)];
    // One alone is read by id: the same price, and its answer is the last word.
    if (only !== undefined && more.length === 0) {
      const customer = await readCustomerById(only).catch(asError);
      return ids.map(() => customer);
    }
    const distinct = [only, ...more];
    const where = `id in (${distinct.map((id) => JSON.stringify(id)).join(',')})`;
    const queryArgs = { where, limit: distinct.length, withTotal: false };
    const { body } = await api.customers().get({ queryArgs }).execute();
    const found = new Map(body.results.map((customer) => [customer.id, customer]));
    return ids.map((id) => found.get(id));
  }

  const read = gather(options.batch, readMany);
  const check = gather(options.batch, readMany);

  return {
    api,
    readCustomerById,
    async readCustomer(id, { atLeast = 0, check: checking = false } = {}) {
      const first = await (checking ? check : read)(id);
      if (first && first.version >= atLeast) return first;
      // A query may lag behind the write that the event tells of, so it has not the last word.
      const second = await readCustomerById(id);
      if (second && second.version < atLeast)
        throw new Failure(
          'stale-read',
          `Expected version ${atLeast} of customer ${id} or a newer one, got ${second.version}; commercetools lags behind its notification.`,
        );
      return second;
    },
  };
}

/** commercetools' answer for a resource that does not exist. */
class NotFound extends Error {}

/**
 * The SDK's own HTTP middleware leaves the body out of its time-out and never settles when an error's body breaks off;
 * ours hands the request to the upstream, which knows about both.
 */
function sendThrough(upstream: Upstream, apiUrl: string): Middleware {
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
          if (answer.status === 404) throw new NotFound();
          if (answer.status < 300) return method === 'HEAD' ? {} : readObject(upstream.name, answer.text);
          const detail = `${upstream.name} answered HTTP ${answer.status} to ${method}.`;
          throw new UpstreamFault('final', `http-${answer.status}`, detail);
        },
        PRIORITY.read,
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
