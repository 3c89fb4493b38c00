import type { CreateCustomerInput, UpdateCustomerInput } from './customer.ts';

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
  /** It is not sent any more once this has aborted. */
  readonly signal?: AbortSignal | undefined;
};

const FIELDS =
  'username title country firstName lastName primaryEmail primaryPhone timezone promotionOptIn attributes { name type value }';

/**
 * Looks customers up by username: all in one list filter, but those that hold `%`, its wildcard, each by `customer(ref:)`.
 * The customer of `exact[i]` comes back as `c<i>`.
 */
export function lookUp(listed: readonly string[], exact: readonly string[]): GraphqlOperation {
  const parameters: string[] = [];
  const selections: string[] = [];
  const variables: Record<string, unknown> = {};
  if (listed.length > 0) {
    // Said outright: without `first` Fluent gives ten, however many are asked for.
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

/** Writes customers in one request; the answer to `writes[i]` comes back as `w<i>`. */
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
