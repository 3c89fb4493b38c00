import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { CustomerDraft } from '@commercetools/platform-sdk';
import { z } from 'zod';
import { type Answer, answerTo, invalid, notFound, Refusal } from './commercetools-answer.ts';
import type { RequestKind } from './commercetools-faults.ts';
import type { Graphql } from './commercetools-graphql.ts';
import type { LentMock } from './commercetools-mock.ts';
import { orderNotification } from './commercetools-orders.ts';
import type { Project } from './commercetools-project.ts';
import { queryCustomers, readPaging } from './commercetools-query.ts';
import type { Entry } from './commercetools-table.ts';
import type { Tokens } from './commercetools-token.ts';

const UPDATE = z.object({ version: z.number(), actions: z.array(z.looseObject({ action: z.string() })) });

/** The kind of a request, from its method and path. */
export function kindOf(method: string, url: string): RequestKind {
  const [path = ''] = url.split('?', 1);
  if (path === '/oauth/token') return 'token';
  if (path.endsWith('/graphql')) return 'graphql';
  if (method !== 'GET' && method !== 'HEAD') return 'write';
  return path.split('/').length > 3 ? 'by-id' : 'query';
}

/**
 * Answers the API: tokens, customers, GraphQL and subscriptions here, everything else (custom objects, types, …) by the mock.
 */
export class Api {
  readonly #projects: ReadonlyMap<string, Project>;
  readonly #tokens: Tokens;
  readonly #mock: LentMock;
  readonly #graphql: Graphql;

  constructor(projects: ReadonlyMap<string, Project>, tokens: Tokens, mock: LentMock, graphql: Graphql) {
    this.#projects = projects;
    this.#tokens = tokens;
    this.#mock = mock;
    this.#graphql = graphql;
  }

  /** Never rejects for an invalid request; the response is an error. */
  async answer(request: IncomingMessage, method: string, url: string): Promise<Answer> {
    try {
      const mark = url.indexOf('?');
      const path = mark < 0 ? url : url.slice(0, mark);
      const parameters = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
      const body = method === 'POST' ? await text(request) : '';
      const { authorization } = request.headers;
      if (path === '/oauth/token') {
        for (const [name, value] of new URLSearchParams(body)) parameters.set(name, value);
        return this.#tokens.give(authorization, parameters);
      }
      const [, projectKey = '', collection, ...names] = path.split('/');
      const rest = names.map(decodeURIComponent).join('/');
      const health = collection === 'subscriptions' && method === 'GET' && names[1] === 'health';
      if (!health) this.#tokens.check(authorization);
      const project = this.#projects.get(projectKey);
      if (project === undefined) throw new Refusal(404, 'ResourceNotFound', `URI not found: ${path}`);
      if (collection === 'graphql' && method === 'POST' && names.length === 0)
        return await this.#graphql.answer(project, parse(body));
      if (collection === 'subscriptions') {
        return project.subscriptions.answer(method, rest, parameters, body === '' ? undefined : parse(body));
      }
      if (collection === 'customers' && names.length <= 1) {
        if (method === 'POST') return await this.#write(project, rest, parse(body));
        if (method === 'DELETE') return await remove(project, rest, parameters);
        return await this.#read(project, rest, parameters);
      }
      if (names.length === 0) readPaging(parameters);
      const { 'content-type': type = 'application/json' } = request.headers;
      return await this.pass(project, method, url, body, type);
    } catch (error) {
      return answerTo(error);
    }
  }

  async #read(project: Project, rest: string, parameters: URLSearchParams): Promise<Answer> {
    const expand = parameters.getAll('expand');
    if (rest !== '') return { status: 200, body: await this.#show(project, find(project, rest), expand) };
    const { limit, offset, total, entries } = queryCustomers(project.queried(), parameters);
    const results =
      expand.length === 0
        ? entries.map(({ json }) => json)
        : await Promise.all(entries.map((entry) => this.#show(project, entry, expand)));
    const sum = total === undefined ? '' : `"total":${total},`;
    const head = `{"limit":${limit},"offset":${offset},"count":${entries.length},${sum}`;
    return { status: 200, body: `${head}"results":[${results.join()}]}` };
  }

  async #show(project: Project, { json, customer }: Entry, expand: string[]): Promise<string> {
    if (expand.length === 0) return json;
    const { mock } = await this.#mock.get();
    const repository = mock.project(project.key).getRepository('customer');
    return JSON.stringify(
      await repository.expand({ projectKey: project.key }, structuredClone(customer), expand),
    );
  }

  async #write(project: Project, rest: string, body: unknown): Promise<Answer> {
    if (rest === '') {
      const { mock } = await this.#mock.get();
      const { draftSchema } = mock.project(project.key).getRepository('customer');
      const schema = z.custom<CustomerDraft>((value) => draftSchema?.safeParse(value).success ?? true);
      const customer = await project.create(read(schema, body));
      return { status: 201, body: `{"customer":${find(project, customer.id).json}}` };
    }
    const { version, actions } = read(UPDATE, body);
    const { id } = await project.update(find(project, rest).customer.id, version, actions);
    return { status: 200, body: find(project, id).json };
  }

  /** Passes the request to the mock, and publishes a notification if an order has changed. */
  async pass(
    project: Project,
    method: string,
    url: string,
    payload: string,
    type = 'application/json',
  ): Promise<Answer> {
    const given = method === 'POST' ? { payload, headers: { 'content-type': type } } : {};
    const verb = z.enum(['GET', 'HEAD', 'POST', 'DELETE']).parse(method);
    const { mock } = await this.#mock.get();
    const { statusCode: status, body } = await mock.app.inject({ method: verb, url, ...given });
    const [, , collection = ''] = url.split(/[/?]/);
    const notification = orderNotification(project.key, method, collection, { status, body });
    if (notification) project.publish(notification);
    return { status, body };
  }
}

async function remove(project: Project, rest: string, parameters: URLSearchParams): Promise<Answer> {
  const version = parameters.get('version');
  if (version === null) throw invalid('Missing required parameter: version.');
  const { customer } = find(project, rest);
  const erasure = parameters.get('dataErasure');
  const entry = await project.delete(
    customer.id,
    Number(version),
    erasure === null ? undefined : erasure === 'true',
  );
  return { status: 200, body: entry.json };
}

function find(project: Project, name: string): Entry {
  const key = name.startsWith('key=') ? name.slice('key='.length) : undefined;
  const entry = key === undefined ? project.entry(name) : project.entryByKey(key);
  if (entry === undefined) throw notFound(key === undefined ? `ID '${name}'` : `key '${key}'`);
  return entry;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Refusal(400, 'InvalidJsonInput', 'Request body does not contain valid JSON.');
  }
}

function read<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new Refusal(400, 'InvalidJsonInput', 'Request body does not contain valid JSON.');
}
