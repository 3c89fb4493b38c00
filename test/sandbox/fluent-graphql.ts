import type { FastifyInstance } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import { GraphQLError, NoSchemaIntrospectionCustomRule } from 'graphql';
import { mercurius } from 'mercurius';
import { z } from 'zod';
import { type Answer, type AnsweredError, result } from './fluent-answers.ts';
import { type CustomerInput, type CustomerStore, refusal, type StoredCustomer } from './fluent-customers.ts';
import type { Faults } from './fluent-faults.ts';
import { type LookUp, lookUp } from './fluent-lookup.ts';
import { type SchemaVariant, schemaOf } from './fluent-schema.ts';

/** The body of a request to GraphQL. */
export const RequestBody = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});

/** Executes a request. The effects take place before the promise settles, in the order in which requests arrive. */
export type Run = (body: z.output<typeof RequestBody>) => Promise<Answer>;

/** The kind of a look-up: one customer by its `ref`, or several by the filters of `customers`. */
export type LookUpKind = 'ref' | 'list';

interface Parts {
  readonly store: CustomerStore;
  readonly faults: Faults;
  /** The state that a look-up by `customer` or by `customers` reads now. */
  readonly visible: (lookUp: LookUpKind) => ReadonlyMap<string, StoredCustomer>;
  readonly codeInMessage: boolean;
}

/** Registers the schema and its resolvers; documents are parsed and validated once, and compiled when they are repeated. */
export async function serveGraphql(
  app: FastifyInstance,
  parts: Parts,
  variant: SchemaVariant = {},
): Promise<{ schema: GraphQLSchema; run: Run }> {
  const { store, faults, codeInMessage } = parts;
  const mutate =
    (write: (input: CustomerInput) => StoredCustomer) =>
    (_: unknown, { input }: { input?: CustomerInput | null }) => {
      if (input == null) throw refusal('C0140E', 'The argument `input` is missing.');
      if (faults.partial(input.username)) throw refusal('S0002E', 'Internal server error.');
      return write(input);
    };
  const visibleTo = (context: object, kind: LookUpKind) => snapshots.get(context)?.[kind] ?? store.customers;
  const snapshots = new WeakMap<object, Record<LookUpKind, ReadonlyMap<string, StoredCustomer>>>();

  await app.register(mercurius, {
    schema: schemaOf(variant),
    validationRules: variant.closed ? [NoSchemaIntrospectionCustomRule] : [],
    routes: false,
    jit: 1,
    resolvers: {
      Query: {
        customer: (_: unknown, { ref }: { ref: string }, context: object) =>
          visibleTo(context, 'ref').get(ref) ?? null,
        customers: (_: unknown, query: LookUp, context: object) => lookUp(visibleTo(context, 'list'), query),
      },
      Mutation: {
        createCustomer: mutate((input) => store.create(input)),
        ...(!variant.withoutUpdate && { updateCustomer: mutate((input) => store.update(input)) }),
      },
    },
  });
  // Fastify loads plugins when the app is ready; `graphql` does not exist before.
  await app.after();

  const run: Run = async ({ query, variables, operationName }) => {
    const context = {};
    snapshots.set(context, { ref: parts.visible('ref'), list: parts.visible('list') });
    try {
      const { data, errors } = await app.graphql(query, context, variables ?? {}, operationName ?? undefined);
      // Every operation is nullable, so data is missing only if the request itself was invalid.
      return data == null ? invalid(errors ?? [], codeInMessage) : result(200, data, errors, codeInMessage);
    } catch (error) {
      return invalid(causes(error), codeInMessage);
    }
  };
  return { schema: app.graphql.schema, run };
}

function invalid(errors: readonly AnsweredError[], codeInMessage: boolean): Answer {
  return result(400, null, errors.map(markMissingVariable), codeInMessage);
}

function markMissingVariable(error: AnsweredError): AnsweredError {
  const { message } = error;
  return message.endsWith('was not provided.') ? { message, extensions: { code: 'C0140E' } } : error;
}

function causes(error: unknown): AnsweredError[] {
  if (!(error instanceof Error) || !('errors' in error) || !Array.isArray(error.errors)) throw error;
  return error.errors.filter((cause) => cause instanceof GraphQLError);
}
