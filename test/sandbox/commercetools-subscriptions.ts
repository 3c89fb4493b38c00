import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type Answer, invalid, notFound, Refusal, requireVersion } from './commercetools-answer.ts';

const KEY = z.string().regex(/^[A-Za-z0-9_-]{2,256}$/);
const LIST = z.array(z.looseObject({ resourceTypeId: z.string() }));
const DESTINATION = z.looseObject({ type: z.string() });
const DRAFT = z.looseObject({
  key: KEY.optional(),
  destination: DESTINATION,
  messages: LIST.default([]),
  changes: LIST.default([]),
  events: LIST.default([]),
  format: z.looseObject({ type: z.string() }).default({ type: 'Platform' }),
});
const UPDATE = z.object({
  version: z.number(),
  actions: z.array(
    z.discriminatedUnion('action', [
      z.object({ action: z.literal('setKey'), key: KEY.optional() }),
      z.object({ action: z.literal('setMessages'), messages: LIST.optional() }),
      z.object({ action: z.literal('setChanges'), changes: LIST.optional() }),
      z.object({ action: z.literal('changeDestination'), destination: DESTINATION }),
    ]),
  ),
});

type Draft = z.output<typeof DRAFT>;

/** A subscription in the format of the API. */
export interface Subscription extends Omit<Draft, 'key'> {
  readonly key?: string | undefined;
  readonly id: string;
  readonly version: number;
  readonly createdAt: string;
  readonly lastModifiedAt: string;
  readonly status: string;
}

/** The HTTP status of a subscription's health: 200, 400 (configuration error) or 503 (temporary error). */
export type HealthStatus = 200 | 400 | 503;

/** The subscriptions of a project. The mock does not serve them, except for `setKey`. */
export class Subscriptions {
  healthStatus: HealthStatus = 200;
  readonly #byId = new Map<string, Subscription>();
  readonly #pointed: (id: string) => void;

  /** `pointed` is called when a destination is set: commercetools then sends a test notification. */
  constructor(pointed: (id: string) => void) {
    this.#pointed = pointed;
  }

  /** Sets the state of all subscriptions. */
  setStatus(status: string): void {
    for (const one of this.#byId.values()) this.#byId.set(one.id, { ...one, status });
  }

  list(): Subscription[] {
    return [...this.#byId.values()];
  }

  /** Answers requests for the path after `/{project}/subscriptions`: '', an id, `key=…`, or an id and `/health`. */
  answer(method: string, rest: string, parameters: URLSearchParams, body: unknown): Answer {
    if (rest === '') return method === 'POST' ? json(201, this.#create(body)) : this.#page();
    const [name = '', tail] = rest.split('/');
    const found = this.#find(name);
    if (tail === 'health') return { status: this.healthStatus, body: '' };
    if (tail !== undefined)
      throw new Refusal(404, 'ResourceNotFound', `URI not found: /subscriptions/${rest}`);
    if (method === 'POST') return json(200, this.#update(found, body));
    if (method === 'DELETE') {
      requireVersion(found.id, found.version, Number(parameters.get('version')));
      this.#byId.delete(found.id);
    }
    return json(200, found);
  }

  #page(): Answer {
    const results = this.list();
    return json(200, { limit: 20, offset: 0, count: results.length, total: results.length, results });
  }

  #find(name: string): Subscription {
    const key = name.startsWith('key=') ? name.slice('key='.length) : undefined;
    const found = key === undefined ? this.#byId.get(name) : this.list().find((one) => one.key === key);
    if (found === undefined) throw notFound(key === undefined ? `ID '${name}'` : `key '${key}'`);
    return found;
  }

  #create(body: unknown): Subscription {
    const draft = read(DRAFT, body);
    this.#refuseTaken(draft.key);
    if (draft.changes.length + draft.messages.length + draft.events.length === 0) {
      throw invalid('A subscription needs at least one of messages, changes and events.');
    }
    const at = new Date().toISOString();
    const base = { id: randomUUID(), version: 1, createdAt: at, lastModifiedAt: at };
    const created = { ...draft, ...base, status: 'Healthy' };
    this.#byId.set(created.id, created);
    this.#pointed(created.id);
    return created;
  }

  #update(found: Subscription, body: unknown): Subscription {
    const { version, actions } = read(UPDATE, body);
    requireVersion(found.id, found.version, version);
    let next: Subscription = found;
    for (const action of actions) {
      if (action.action === 'setKey') {
        if (action.key !== found.key) this.#refuseTaken(action.key);
        next = { ...next, key: action.key };
      } else if (action.action === 'setMessages') next = { ...next, messages: action.messages ?? [] };
      else if (action.action === 'setChanges') next = { ...next, changes: action.changes ?? [] };
      else next = { ...next, destination: action.destination, status: 'Healthy' };
    }
    if (JSON.stringify(next) === JSON.stringify(found)) return found;
    next = { ...next, version: found.version + actions.length, lastModifiedAt: new Date().toISOString() };
    this.#byId.set(found.id, next);
    if (actions.some(({ action }) => action === 'changeDestination')) this.#pointed(found.id);
    return next;
  }

  #refuseTaken(key: string | undefined): void {
    if (key === undefined || !this.list().some((one) => one.key === key)) return;
    throw new Refusal(400, 'DuplicateField', `A duplicate value '"${key}"' exists for field 'key'.`, {
      field: 'key',
      duplicateValue: key,
    });
  }
}

function read<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Refusal(400, 'InvalidJsonInput', 'Request body does not contain valid JSON.', {
    detailedErrorMessage: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unknown'}`,
  });
}

function json(status: number, body: unknown): Answer {
  return { status, body: JSON.stringify(body) };
}
