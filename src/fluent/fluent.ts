import { z } from 'zod';
import { Failure, Rejection } from '../outcome.ts';
import { batch, halve } from '../upstream/batch.ts';
import { readJson } from '../upstream/exchange.ts';
import { UpstreamFault } from '../upstream/fault.ts';
import { GraphqlError } from '../upstream/graphql-error.ts';
import type { Purpose, Upstream } from '../upstream/upstream.ts';
import { type CreateCustomerInput, FluentCustomer, type UpdateCustomerInput } from './customer.ts';
import { meaningOf, TooComplex } from './errors.ts';
import { INPUT_SCHEMA_QUERY, readInputSchema } from './input-schema.ts';
import { type CustomerWrite, type GraphqlOperation, lookUp, write } from './operations.ts';
import { InvalidRequest, SchemaGuard } from './schema-guard.ts';

export type { Attribute, CreateCustomerInput, UpdateCustomerInput } from './customer.ts';
export { FluentCustomer } from './customer.ts';
export { Conflict, NotThere } from './errors.ts';
export type { CustomerMutation, SchemaProblem } from './input-schema.ts';

/** Options of a write. */
export interface WriteOptions {
  /**
   * After it has aborted, the write is not sent and fails with `out-of-time`. If it is missing, the run's own signal is used;
   * if it is explicitly undefined, the write is sent at any time.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Names of the fields that this write blanks, `attributes.<name>` for attributes. They are counted, and a run over many
   * customers stops if there are too many. An anonymisation leaves them out.
   */
  readonly blanks?: readonly string[];
}

/** A Fluent account. Concurrent look-ups are batched into one query, concurrent writes into aliased mutations. */
export interface Fluent {
  /** Returns the customer with exactly this username, or undefined. `alone` looks it up by reference, in a separate query. */
  findCustomer(username: string, options?: { alone?: boolean }): Promise<FluentCustomer | undefined>;
  /**
   * Returns the customer as it is after the write. Throws `Conflict` if another customer has the username or a unique
   * value.
   */
  createCustomer(input: CreateCustomerInput, options?: WriteOptions): Promise<FluentCustomer>;
  /**
   * Returns the customer as it is after the write. Throws `NotThere` if it does not exist, `Conflict` if another customer has a
   * unique value of it.
   */
  updateCustomer(input: UpdateCustomerInput, options?: WriteOptions): Promise<FluentCustomer>;
  /** Any other operation, with the same token, limits, retry and deadline. Returns `data`; throws on any error. */
  request(query: string, variables?: Record<string, unknown>, options?: WriteOptions): Promise<unknown>;
}

/** A client with the state of the account's schema. */
export interface FluentClient extends Fluent {
  readonly schema: SchemaGuard;
}

export interface FluentOptions {
  readonly apiUrl: string;
  readonly account?: string | undefined;
  /** Customers in one look-up at most; 1 turns batches off. */
  readonly lookUpBatch: number;
  /** Mutations in one request at most; 1 turns batches off. */
  readonly writeBatch: number;
  /** Called with the mismatch between the account's schema and the writes, and with undefined once they match. */
  onSchema(upstream: string, mismatch: string | undefined): void;
}

const GraphqlAnswer = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z.array(GraphqlError).nullish(),
});

type GraphqlAnswer = z.output<typeof GraphqlAnswer> & { readonly correlationId: string };

const Found = z.object({ edges: z.array(z.object({ node: FluentCustomer.nullish() }).nullish()).nullish() });

/** Creates the client for one account; `upstream` sends the requests. */
export function createFluent(upstream: Upstream, options: FluentOptions): FluentClient {
  const url = `${options.apiUrl}/graphql`;
  const headers: Record<string, string> = { 'content-type': 'application/json', accept: 'application/json' };
  if (options.account) headers['fluent.account'] = options.account;

  function send(operation: GraphqlOperation, purpose: Purpose): Promise<GraphqlAnswer> {
    const request = { method: 'POST', url, headers, body: JSON.stringify(operation) } as const;
    return upstream.send(
      request,
      (answer) => {
        if (answer.status === 413)
          throw new TooComplex(`${upstream.name} does not accept a request of that size.`);
        const body = GraphqlAnswer.safeParse(readJson(upstream.name, answer.text));
        const errors = body.data?.errors ?? [];
        const meanings = errors.map((error) => meaningOf(error, upstream.name));
        // An error without a path, or one about the account or the request's size, applies to the whole request.
        const wholes = meanings.filter(
          (meaning, index) => !errors[index]?.path?.length || concernsAll(meaning),
        );
        const whole = firstOf(wholes) ?? (body.data?.data ? undefined : firstOf(meanings));
        if (whole) throw whole;
        if (answer.status >= 400 || !body.success)
          throw new UpstreamFault(
            'final',
            `http-${answer.status}`,
            `${upstream.name} answered HTTP ${answer.status}.`,
          );
        return { ...body.data, correlationId: answer.correlationId };
      },
      purpose,
    );
  }

  /** Splits a request that is too large, or that fails because of one of its keys. */
  function inHalves<Key, Value>(
    keys: readonly Key[],
    load: (keys: readonly Key[]) => Promise<readonly (Value | Error)[]>,
  ): Promise<readonly (Value | Error)[]> {
    return halve(
      keys,
      async (part) => {
        try {
          return await load(part);
        } catch (error) {
          if (part.length > 1 || !(error instanceof TooComplex)) throw error;
          throw new Rejection('too-complex', `${error.message} It was a single customer.`);
        }
      },
      // Fluent may answer HTTP 500 because of one customer; if Fluent cannot be reached, splitting does not help.
      (error) =>
        !(error instanceof UpstreamFault) || error.kind === 'final' || error.reason === 'upstream-error',
    );
  }

  async function find(usernames: readonly string[]): Promise<(FluentCustomer | undefined | Error)[]> {
    const distinct = [...new Set(usernames)];
    const exact = distinct.filter((username) => username.includes('%'));
    const listed = distinct.filter((username) => !username.includes('%'));
    return findBy(usernames, listed, exact);
  }

  async function findBy(usernames: readonly string[], listed: readonly string[], exact: readonly string[]) {
    const purpose = { operation: 'look-up', size: listed.length + exact.length } as const;
    const { data, errors } = await send(lookUp(listed, exact), purpose);
    const [error] = errors ?? [];
    if (error) throw plain(meaningOf(error, upstream.name));
    const list = Found.nullish().parse(data?.['customers'])?.edges ?? [];
    const nodes = [
      ...list.map((edge) => edge?.node),
      ...exact.map((_, index) => FluentCustomer.nullish().parse(data?.[`c${index}`])),
    ];
    const found = new Map(nodes.flatMap((node) => (node?.username ? [[node.username, node]] : [])));
    return usernames.map((username) => found.get(username));
  }

  async function writeInTime(writes: readonly CustomerWrite[]): Promise<(FluentCustomer | Error)[]> {
    const refused = writes.map((one) => schema.known(one));
    const sent = writes.filter(({ signal }, index) => !signal?.aborted && !refused[index]);
    const answers = sent.length > 0 ? await inHalves(sent, writeAll) : [];
    const byWrite = new Map<CustomerWrite, FluentCustomer | Error>();
    for (const [index, answer] of answers.entries()) {
      const one = sent[index];
      if (!one) continue;
      if (!(answer instanceof Error)) schema.succeeded(one);
      byWrite.set(one, answer instanceof InvalidRequest ? await schema.explain(one, answer) : answer);
    }
    return writes.map(
      (one, index) => byWrite.get(one) ?? refused[index] ?? UpstreamFault.outOfTime(upstream.name),
    );
  }

  async function writeAll(writes: readonly CustomerWrite[]): Promise<(FluentCustomer | Error)[]> {
    const startSignals = writes.flatMap(({ signal }) => signal ?? []);
    const purpose = { operation: 'write', size: writes.length, startSignals } as const;
    const { data, errors, correlationId } = await send(write(writes), purpose);
    const byAlias = new Map(errors?.map((error) => [error.path?.[0], error]));
    return writes.map((_, index) => {
      const error = byAlias.get(`w${index}`);
      if (error) return about(meaningOf(error, upstream.name), correlationId);
      const written = FluentCustomer.safeParse(data?.[`w${index}`]);
      if (written.success) return written.data;
      return new UpstreamFault(
        'final',
        'unreadable-answer',
        `${upstream.name} returned no result for one of several writes.`,
      );
    });
  }

  const schema = new SchemaGuard({
    name: upstream.name,
    onSchema: options.onSchema,
    async load() {
      const operation = { query: INPUT_SCHEMA_QUERY, variables: {} };
      const answer = await send(operation, { operation: 'other', size: 1 }).catch((error: unknown) => {
        // A closed schema refuses the question.
        if (error instanceof InvalidRequest) return undefined;
        throw error;
      });
      return readInputSchema(answer?.data);
    },
  });
  const lookUpInBatch = batch<string, FluentCustomer | undefined>({
    size: options.lookUpBatch,
    load: async (usernames) => (await inHalves(usernames, find)).map(plain),
  });
  const writeInBatch = batch<CustomerWrite, FluentCustomer>({
    size: options.writeBatch,
    load: writeInTime,
  });

  return {
    schema,
    async findCustomer(username, { alone = false } = {}) {
      if (!alone) return lookUpInBatch(username);
      const [found] = await findBy([username], [], [username]);
      return found;
    },
    createCustomer: (input, { signal } = {}) => writeInBatch({ mutation: 'createCustomer', input, signal }),
    updateCustomer: (input, { signal } = {}) => writeInBatch({ mutation: 'updateCustomer', input, signal }),
    async request(query, variables = {}, { signal } = {}) {
      const purpose = { operation: 'other', size: 1, startSignals: signal ? [signal] : [] } as const;
      const { data, errors } = await send({ query, variables }, purpose).catch((error: unknown) => {
        throw plain(error);
      });
      const [error] = errors ?? [];
      if (error) throw plain(meaningOf(error, upstream.name));
      return data;
    },
  };
}

/** The error that describes a fault of the request, or else the first error. */
function firstOf(meanings: readonly Error[]): Error | undefined {
  return meanings.find((meaning) => meaning instanceof InvalidRequest && meaning.complaint) ?? meanings[0];
}

function about(meaning: Error, correlationId: string): Error {
  return meaning instanceof Failure || meaning instanceof Rejection ? meaning.about(correlationId) : meaning;
}

/** Only a write is compared with the schema; for other requests a refusal has the meaning of its code. */
function plain<T>(answer: T): T | Error {
  return answer instanceof InvalidRequest ? answer.meaning : answer;
}

/** True for an error about the account or the request's size, whatever its path. */
function concernsAll(meaning: Error): boolean {
  if (meaning instanceof TooComplex) return true;
  return (
    meaning instanceof UpstreamFault &&
    (meaning.kind === 'refused' || meaning.kind === 'unauthorised' || meaning.kind === 'throttled')
  );
}
