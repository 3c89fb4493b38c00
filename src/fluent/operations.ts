import type { CreateCustomerInput, UpdateCustomerInput } from './customer.ts';
import { UPDATABLE_FIELDS } from './native-fields.ts';

/** A GraphQL operation, ready to send. */
export interface GraphqlOperation {
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

/** A create or update of one customer. */
export type CustomerWrite = (
  | { readonly mutation: 'createCustomer'; readonly input: CreateCustomerInput }
  | { readonly mutation: 'updateCustomer'; readonly input: UpdateCustomerInput }
) & {
  /** The write is not sent once this has aborted. */
  readonly signal?: AbortSignal | undefined;
};

const FIELDS = `username ${UPDATABLE_FIELDS.join(' ')} attributes { name type value }`;

/**
 * Looks customers up by username in one list filter. `%` is its wildcard, so usernames with `%` are looked up by `customer(ref:)`.
 * The alias of `exact[i]` is `c<i>`.
 */
export function lookUp(listed: readonly string[], exact: readonly string[]): GraphqlOperation {
  const parameters: string[] = [];
  const selections: string[] = [];
  const variables: Record<string, unknown> = {};
  if (listed.length > 0) {
    // Without `first` Fluent returns ten, however many usernames are given.
    parameters.push('$usernames: [String]', '$first: Int');
    selections.push(`customers(username: $usernames, first: $first) { edges { node { ${FIELDS} } } }`);
    variables['usernames'] = listed;
    variables['first'] = listed.length;
  }
  for (const [index, username] of exact.entries()) {
    parameters.push(`$r${index}: String!`);
    selections.push(`c${index}: customer(ref: $r${index}) { ${FIELDS} }`);
    variables[`r${index}`] = username;
  }
  return { query: `query LookUp(${parameters.join(', ')}) { ${selections.join(' ')} }`, variables };
}

/** Writes customers in one request; the alias of `writes[i]` is `w<i>`. */
export function write(writes: readonly CustomerWrite[]): GraphqlOperation {
  const variables: Record<string, unknown> = {};
  const parameters = writes.map(({ mutation, input }, index) => {
    variables[`i${index}`] = input;
    return `$i${index}: ${mutation === 'createCustomer' ? 'CreateCustomerInput' : 'UpdateCustomerInput'}`;
  });
  const selections = writes.map(
    ({ mutation }, index) => `w${index}: ${mutation}(input: $i${index}) { ${FIELDS} }`,
  );
  return { query: `mutation Write(${parameters.join(', ')}) { ${selections.join(' ')} }`, variables };
}
