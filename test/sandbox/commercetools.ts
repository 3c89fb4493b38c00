import { randomUUID } from 'node:crypto';
import { once, setMaxListeners } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Customer, CustomerDraft, CustomerUpdateAction, Order } from '@commercetools/platform-sdk';
import { type Answer, answerTo, Refusal } from './commercetools-answer.ts';
import { type Fault, type FaultKind, Faults, type RequestKind } from './commercetools-faults.ts';
import { createGraphql } from './commercetools-graphql.ts';
import { lendMock } from './commercetools-mock.ts';
import type { Payload } from './commercetools-notifications.ts';
import { createOrder, deleteOrder, type OrderDraft } from './commercetools-orders.ts';
import { Project, type ReplicaLags } from './commercetools-project.ts';
import { Api, kindOf } from './commercetools-routes.ts';
import { uuidFrom } from './commercetools-seed.ts';
import type { HealthStatus, Subscription } from './commercetools-subscriptions.ts';
import { type Credentials, Tokens, wrongClient, wrongToken } from './commercetools-token.ts';

export type { Fault, FaultKind, RequestKind } from './commercetools-faults.ts';
export type { Payload } from './commercetools-notifications.ts';
export type { OrderDraft } from './commercetools-orders.ts';

const LOG_LENGTH = 200;

export interface CommercetoolsOptions {
  /** The project keys; the functions of the sandbox work on the first one. Default: `sandbox-project`. */
  readonly projectKeys?: readonly [string, ...string[]];
  /** Called once for each notification, after the change can be read. The sandbox neither delays, repeats nor reorders them. */
  readonly onNotification?: (payload: Payload) => void;
  /** Called for each request, with its entry in `log`. */
  readonly onRequest?: (line: string) => void;
  /** Creates Messages too, after the notification of the change. */
  readonly messages?: boolean;
  /** The lifetime of tokens in seconds; default 172,800, as in commercetools. */
  readonly tokenLifetimeSeconds?: number;
  /** Returns numbers from 0 up to 1. A seeded generator makes ids and generated customers repeatable. */
  readonly random?: () => number;
  readonly credentials?: Credentials;
}

/** Changes the customers of a project, without HTTP. Rejects with a 404 Refusal for an unknown id. */
export interface ProjectSandbox {
  readonly projectKey: string;
  /** `at` (ISO 8601) sets the time of creation; the notification is published now. */
  createCustomer(draft: CustomerDraft, options?: { at?: string }): Promise<Customer>;
  /** Changes a customer by update actions, like the API; or by fields, which increments the version (or sets the given one). */
  updateCustomer(id: string, change: readonly CustomerUpdateAction[] | Partial<Customer>): Promise<Customer>;
  deleteCustomer(id: string, options?: { dataErasure?: boolean }): Promise<void>;
  /** Creates an order, without a customer if `customerId` is undefined. */
  createOrder(draft?: OrderDraft): Promise<Order>;
  deleteOrder(order: Pick<Order, 'id' | 'version'>): Promise<Order>;
  customer(id: string): Customer | undefined;
  customers(): Customer[];
  /** Adds generated customers with this time of change (default: now), without notifications. */
  seed(count: number, lastModifiedAt?: string): Customer[];
  /**
   * Queries return the customers as they were this number of milliseconds ago (`Infinity`: as they are now, for ever), for the
   * next `times` queries. 0 ends it.
   */
  lagQueries(milliseconds: number, times?: number): void;
  /** Reads of a kind are answered by replicas with these lags, chosen at random for each read; `{}` ends it. */
  replicate(lags: ReplicaLags, random?: () => number): void;
  subscriptions(): Subscription[];
  setSubscriptionHealth(status: HealthStatus): void;
  /** Sets the state of all subscriptions, such as `ConfigurationErrorDeliveryStopped`. */
  setSubscriptionStatus(status: string): void;
}

export interface CommercetoolsSandbox extends ProjectSandbox {
  /** The URL of the API and of the authorization server, without a slash at the end. */
  readonly url: string;
  readonly credentials: Credentials;
  /** The number of requests by kind, including failed ones. */
  readonly requests: Readonly<Record<RequestKind, number>>;
  /** The last 200 requests, as `GET /path?query`. */
  readonly log: readonly string[];
  /** The headers of the requests in `log`. */
  readonly headers: readonly IncomingHttpHeaders[];
  readonly faultCounts: Readonly<Record<FaultKind, number>>;
  project(key: string): ProjectSandbox;
  /** Activates a fault; returns a function that deactivates it. */
  fault(fault: Fault): () => void;
  clearFaults(): void;
  /** Holds requests after they are counted and before they take effect; returns a function that releases them. */
  hold(only?: RequestKind): () => void;
  revokeTokens(): void;
  /** Refuses a GraphQL request with more look-ups than this as too complex; `Infinity` ends it. */
  limitGraphql(fields: number): void;
  /** Stops immediately, including pending requests. */
  close(): Promise<void>;
}

/**
 * Starts a commercetools stand-in on 127.0.0.1: `@labdigital/commercetools-mock` over HTTP, with its missing features added,
 * and with faults.
 */
export async function startCommercetools(options: CommercetoolsOptions = {}): Promise<CommercetoolsSandbox> {
  const { projectKeys = ['sandbox-project'], random = Math.random, onNotification = () => {} } = options;
  const credentials = options.credentials ?? { clientId: 'sandbox-client', clientSecret: 'sandbox-secret' };
  const mock = lendMock();
  const projects = new Map<string, Project>();
  for (const key of projectKeys) {
    const messages = options.messages ?? false;
    const newId = () => uuidFrom(random);
    projects.set(key, new Project({ key, mock, newId, random, messages, notify: onNotification }));
  }
  const scope = projectKeys
    .flatMap((key) => [
      `view_customers:${key}`,
      `view_orders:${key}`,
      `manage_customers:${key}`,
      `manage_subscriptions:${key}`,
      `manage_project:${key}`,
    ])
    .join(' ');
  const tokens = new Tokens(credentials, scope, options.tokenLifetimeSeconds ?? 172_800);
  const faults = new Faults(random);
  let mostFields = Number.POSITIVE_INFINITY;
  const graphql = await createGraphql({
    isBroken: (id) => faults.partial(id),
    mostFields: () => mostFields,
  });
  const api = new Api(projects, tokens, mock, graphql);
  const requests: Record<RequestKind, number> = { token: 0, query: 0, 'by-id': 0, write: 0, graphql: 0 };
  const log: string[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const kind = kindOf(method, url);
    requests[kind] += 1;
    const line = `${method} ${url}`;
    log.push(line);
    headers.push(request.headers);
    options.onRequest?.(line);
    if (log.length > LOG_LENGTH) log.shift();
    if (headers.length > LOG_LENGTH) headers.shift();
    await faults.passed(kind);
    const { delay, fault } = faults.draw(kind);
    if (delay > 0) await wait(delay, undefined, { signal: closing.signal });
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'reset') {
      request.socket.resetAndDestroy();
      return;
    }
    const replaced = fault && answerOf(fault, kind);
    const answer = replaced ?? (await api.answer(request, method, url));
    if (replaced !== undefined) request.resume();
    const body = Buffer.from(answer.body);
    response.writeHead(answer.status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': body.length,
      'x-correlation-id': request.headers['x-correlation-id'] ?? randomUUID(),
      ...answer.headers,
    });
    if (fault?.kind === 'slow') {
      const half = Math.ceil(body.length / 2);
      response.write(body.subarray(0, half));
      await wait(fault.milliseconds ?? 100, undefined, { signal: closing.signal });
      response.end(body.subarray(half));
    } else response.end(method === 'HEAD' ? undefined : body);
  }

  const server = createServer((request, response) => {
    // Only an aborted wait or a closed connection rejects here, and then no client is left to answer.
    handle(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const helpers = projectKeys.map((key) => helpersOf(projects.get(key), api));
  const [first] = helpers;
  if (first === undefined) throw new Error('Expected at least one project key, found none.');

  return {
    ...first,
    url: `http://127.0.0.1:${portOf(server.address())}`,
    credentials,
    requests,
    log,
    headers,
    faultCounts: faults.counts,
    project(key) {
      return helpersOf(projects.get(key), api);
    },
    fault: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    hold: (only) => faults.hold(only),
    revokeTokens: () => tokens.revoke(),
    limitGraphql(fields) {
      mostFields = fields;
    },
    async close() {
      closing.abort();
      const closed = server.listening ? once(server, 'close') : undefined;
      server.close();
      server.closeAllConnections();
      await closed;
      await Promise.all([mock.giveBack(), graphql.close()]);
    },
  };
}

function helpersOf(project: Project | undefined, api: Api): ProjectSandbox {
  if (project === undefined)
    throw new Error('Expected one of the project keys that the sandbox was started with.');
  const send = (method: 'POST' | 'DELETE', path: string, body: object = {}) =>
    api.pass(project, method, `/${project.key}/${path}`, JSON.stringify(body));
  return {
    projectKey: project.key,
    createOrder: (draft = {}) => createOrder(send, draft),
    deleteOrder: (order) => deleteOrder(send, order),
    createCustomer: (draft, { at } = {}) => project.create(draft, at),
    updateCustomer(id, change) {
      return isActions(change) ? project.update(id, undefined, change) : project.set(id, change);
    },
    async deleteCustomer(id, { dataErasure } = {}) {
      await project.delete(id, undefined, dataErasure);
    },
    customer: (id) => project.entry(id)?.customer,
    customers: () => project.entries().map(({ customer }) => customer),
    seed: (count, lastModifiedAt = new Date().toISOString()) => project.seed(count, lastModifiedAt),
    lagQueries: (milliseconds, times = Number.POSITIVE_INFINITY) => project.lag(milliseconds, times),
    replicate: (lags, random) => project.replicate(lags, random),
    subscriptions: () => project.subscriptions.list(),
    setSubscriptionStatus: (status) => project.subscriptions.setStatus(status),
    setSubscriptionHealth(status) {
      project.subscriptions.healthStatus = status;
    },
  };
}

function isActions(
  change: readonly CustomerUpdateAction[] | Partial<Customer>,
): change is readonly CustomerUpdateAction[] {
  return Array.isArray(change);
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string')
    throw new Error('Expected the server to listen on a port.');
  return address.port;
}

function answerOf(fault: Fault, kind: RequestKind): Answer | undefined {
  const after = fault.retryAfterSeconds;
  const headers: Record<string, string> = after === undefined ? {} : { 'retry-after': String(after) };
  switch (fault.kind) {
    case 'status': {
      const status = fault.status ?? 503;
      return { ...answerTo(new Refusal(status, 'General', 'The service is not available.')), headers };
    }
    case 'too-many-requests':
      return { ...answerTo(new Refusal(429, 'General', 'Too many requests.')), headers };
    case 'wrong-credentials':
      return answerTo(kind === 'token' ? wrongClient() : wrongToken());
    case 'insufficient-scope':
      return answerTo(new Refusal(403, 'insufficient_scope', 'Insufficient scope.'));
    case 'bad-gateway':
      return {
        status: 502,
        body: '<html><h1>502 Bad Gateway</h1></html>',
        headers: { 'content-type': 'text/html' },
      };
    default:
      return undefined;
  }
}
