import { readFileSync } from 'node:fs';
import type { Address, Customer } from '@commercetools/platform-sdk';
import { fastify } from 'fastify';
import { GraphQLError } from 'graphql';
import { mercurius } from 'mercurius';
import { z } from 'zod';
import { type Answer, invalid, Refusal } from './commercetools-answer.ts';
import type { Project } from './commercetools-project.ts';
import { queryCustomers } from './commercetools-query.ts';
import type { CustomerTable } from './commercetools-table.ts';
import { documentReader } from './fluent-records.ts';

const SDL = readFileSync(new URL('commercetools-schema.graphql', import.meta.url), 'utf8');

const RequestBody = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});

/** The state that one request reads; fixed when it arrives. */
interface View {
  readonly project: Project;
  readonly byId: () => CustomerTable;
}

interface Query {
  readonly where?: string | null;
  readonly sort?: readonly string[] | null;
  readonly limit?: number | null;
  readonly offset?: number | null;
}

export interface GraphqlOptions {
  /** True if the look-up of this customer fails. */
  readonly isBroken: (id: string) => boolean;
  /** The maximum number of look-ups and queries in one request. */
  readonly mostFields: () => number;
}

/** Answers `POST /{project}/graphql`. */
export interface Graphql {
  /** Throws a Refusal for a body that is not a GraphQL request. */
  answer(project: Project, body: unknown): Promise<Answer>;
  close(): Promise<void>;
}

/** Serves `customer` and `customers` of the published schema. */
export async function createGraphql({ isBroken, mostFields }: GraphqlOptions): Promise<Graphql> {
  const views = new WeakMap<object, View>();
  const read = documentReader();
  const app = fastify();
  const viewOf = (context: object): View => {
    const view = views.get(context);
    if (!view) throw new Error('Expected the context of a request of this server.');
    return view;
  };
  const addressOf = ({ addresses }: Customer, id: string | undefined): Address | undefined =>
    id === undefined ? undefined : addresses.find((address) => address.id === id);
  const addressesOf = (customer: Customer, ids: readonly string[] = []) =>
    ids.flatMap((id) => addressOf(customer, id) ?? []);

  await app.register(mercurius, {
    schema: SDL,
    routes: false,
    jit: 1,
    resolvers: {
      Query: {
        customer(_: unknown, { id, key }: { id?: string | null; key?: string | null }, context: object) {
          const table = viewOf(context).byId();
          const entry = id ? table.byId.get(id) : key ? table.byKey.get(key) : undefined;
          if (id && isBroken(id))
            throw new GraphQLError('An internal error occurred.', { extensions: { code: 'General' } });
          return entry?.customer ?? null;
        },
        customers(_: unknown, query: Query, context: object) {
          const {
            entries,
            offset,
            total = 0,
          } = queryCustomers(viewOf(context).project.queried(), parametersOf(query));
          const results = entries.map(({ customer }) => customer);
          return { offset, count: results.length, total, exists: total > 0, results };
        },
      },
      Customer: {
        password: ({ password }: Customer) => (password === undefined ? null : '****xyz='),
        customerGroupRef: ({ customerGroup }: Customer) => customerGroup,
        storesRef: ({ stores }: Customer) => stores,
        defaultShippingAddress: (customer: Customer) =>
          addressOf(customer, customer.defaultShippingAddressId),
        defaultBillingAddress: (customer: Customer) => addressOf(customer, customer.defaultBillingAddressId),
        shippingAddresses: (customer: Customer) => addressesOf(customer, customer.shippingAddressIds),
        billingAddresses: (customer: Customer) => addressesOf(customer, customer.billingAddressIds),
      },
      CustomFieldsType: {
        typeRef: ({ type }: NonNullable<Customer['custom']>) => type,
        customFieldsRaw: ({ fields }: NonNullable<Customer['custom']>) =>
          Object.entries(fields).map(([name, value]) => ({ name, value })),
      },
    },
  });
  await app.ready();

  return {
    async answer(project, body) {
      const request = RequestBody.safeParse(body);
      if (!request.success) throw invalid('Expected a GraphQL request: {query, variables}.');
      const { query, variables, operationName } = request.data;
      const { aliases } = read(query, operationName ?? undefined);
      if (aliases.length > mostFields())
        return refused('QueryComplexityLimitExceeded', `Query is too complex: ${aliases.length} fields.`);
      let table: CustomerTable | undefined;
      const context = {};
      views.set(context, {
        project,
        byId: () => {
          table ??= project.lookedUp();
          return table;
        },
      });
      try {
        const { data, errors } = await app.graphql(
          query,
          context,
          variables ?? {},
          operationName ?? undefined,
        );
        return { status: 200, body: JSON.stringify(errors ? { data, errors } : { data }) };
      } catch (error) {
        if (error instanceof Refusal) throw error;
        return refused('InvalidInput', error instanceof Error ? error.message : 'unknown');
      }
    },
    close: () => app.close(),
  };
}

function refused(code: string, message: string): Answer {
  const errors = [{ message, locations: [], extensions: { code } }];
  return { status: 400, body: JSON.stringify({ statusCode: 400, message, errors }) };
}

function parametersOf({ where, sort, limit, offset }: Query): URLSearchParams {
  const parameters = new URLSearchParams();
  if (where) parameters.set('where', where);
  for (const order of sort ?? []) parameters.append('sort', order);
  if (limit != null) parameters.set('limit', String(limit));
  if (offset != null) parameters.set('offset', String(offset));
  return parameters;
}
