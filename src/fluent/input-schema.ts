import { z } from 'zod';
import type { CustomerWrite } from './operations.ts';

/** The mutations that write a customer. */
export type CustomerMutation = CustomerWrite['mutation'];

/** Why Fluent refuses the shape of a write: names from its schema, never a value. */
export type SchemaProblem =
  | { readonly kind: 'requires' | 'lacks'; readonly mutation: CustomerMutation; readonly field: string }
  | { readonly kind: 'absent'; readonly mutation: CustomerMutation };

/** One input type: its fields, and whether a value must be given. */
export type InputFields = ReadonlyMap<string, { readonly isRequired: boolean }>;

/** The inputs of an account's schema; a mutation that it does not have is not in it. */
export type InputSchema = ReadonlyMap<CustomerMutation, InputFields>;

/** Reads the input types only, because Fluent's whole schema has hundreds of types. */
export const INPUT_SCHEMA_QUERY =
  'query InputSchema { createCustomer: __type(name: "CreateCustomerInput") { ...Inputs } updateCustomer: __type(name: "UpdateCustomerInput") { ...Inputs } __schema { mutationType { fields { name } } } } fragment Inputs on __Type { inputFields { name defaultValue type { kind } } }';

const Inputs = z
  .object({
    inputFields: z.array(
      z.object({ name: z.string(), defaultValue: z.unknown(), type: z.object({ kind: z.string() }) }),
    ),
  })
  .nullish();

const Answer = z.object({
  createCustomer: Inputs,
  updateCustomer: Inputs,
  __schema: z.object({ mutationType: z.object({ fields: z.array(z.object({ name: z.string() })) }) }),
});

/** Parses the response to `INPUT_SCHEMA_QUERY`; undefined if it contains no schema. */
export function readInputSchema(data: unknown): InputSchema | undefined {
  const answer = Answer.safeParse(data);
  if (!answer.success) return undefined;
  const { __schema, ...inputs } = answer.data;
  const mutations = new Set(__schema.mutationType.fields.map(({ name }) => name));
  const schema = new Map<CustomerMutation, InputFields>();
  for (const mutation of ['createCustomer', 'updateCustomer'] as const) {
    const fields = inputs[mutation]?.inputFields;
    // One whose input has another name cannot be compared.
    if (mutations.has(mutation) && !fields) return undefined;
    if (!mutations.has(mutation) || !fields) continue;
    const byName = fields.map(({ name, defaultValue, type }) => {
      const isRequired = type.kind === 'NON_NULL' && (defaultValue ?? undefined) === undefined;
      return [name, { isRequired }] as const;
    });
    schema.set(mutation, new Map(byName));
  }
  return schema;
}

/** Returns the problems of the schema with an input with these fields. */
export function problemsOf(
  mutation: CustomerMutation,
  given: ReadonlySet<string>,
  schema: InputSchema,
): SchemaProblem[] {
  const fields = schema.get(mutation);
  if (!fields) return [{ kind: 'absent', mutation }];
  const missing = [...fields].flatMap(([field, { isRequired }]) =>
    isRequired && !given.has(field) ? [field] : [],
  );
  const unknown = [...given].filter((field) => !fields.has(field));
  return [
    ...missing.map((field) => ({ kind: 'requires', mutation, field }) as const),
    ...unknown.map((field) => ({ kind: 'lacks', mutation, field }) as const),
  ];
}

/** True where this write would meet the problem. */
export function meets({ mutation, input }: CustomerWrite, problem: SchemaProblem): boolean {
  if (mutation !== problem.mutation) return false;
  if (problem.kind === 'absent') return true;
  return fieldsOf(input).has(problem.field) === (problem.kind === 'lacks');
}

/** Names of the fields that are sent. */
export function fieldsOf(input: CustomerWrite['input']): Set<string> {
  return new Set(Object.entries(input).flatMap(([name, value]) => (value === undefined ? [] : [name])));
}
