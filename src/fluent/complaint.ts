/** A fault in the shape of a request that a GraphQL server reports: names of its schema, never a value. */
export type Complaint =
  | { readonly kind: 'requires' | 'lacks'; readonly field: string }
  | { readonly kind: 'absent'; readonly mutation: string };

const NAME = '[A-Za-z_]\\w{0,63}';

/**
 * The words of graphql-java, which Fluent runs, and of graphql-js. Both may quote the values of a customer before the words
 * that are looked for, so each pattern ends where the message ends.
 */
const PATTERNS: readonly { kind: Complaint['kind']; pattern: RegExp }[] = [
  {
    kind: 'requires',
    pattern: new RegExp(
      `(?:Field|Variable|Input field) '(${NAME})' has coerced Null value for NonNull type '[^']{1,99}'\\s*$`,
    ),
  },
  {
    kind: 'requires',
    pattern: new RegExp(
      `[};] Field "?(?:value\\.)?(${NAME})"? of required type "?[^" ]{1,99}"? was not provided\\.$`,
    ),
  },
  {
    kind: 'lacks',
    pattern: new RegExp(
      `contains a field name '(${NAME})' that is not defined for input object type '${NAME}'\\s*$`,
    ),
  },
  {
    kind: 'lacks',
    pattern: new RegExp(
      `[};] Field "(${NAME})" is not defined by type "?${NAME}"?\\.(?: Did you mean [\\w", ]{1,200}\\?)?$`,
    ),
  },
  {
    kind: 'absent',
    pattern: new RegExp(`Field '(${NAME})' in type 'Mutation' is undefined(?: @ '[\\w/]{1,99}')?\\s*$`),
  },
  {
    kind: 'absent',
    pattern: new RegExp(
      `^Cannot query field "(${NAME})" on type "Mutation"\\.(?: Did you mean [\\w", ]{1,200}\\?)?$`,
    ),
  },
];

/** The input of a mutation that the schema does not have. */
const UNKNOWN_INPUT =
  /^(?:Validation error[^:]{0,99}: )?Unknown type ['"]?UpdateCustomerInput['"]?(?: @ '[\w/]{1,99}')?\.?(?: Did you mean [\w", ]{1,200}\?)?$/;

/** A part inside a field, as in `at "i0.attributes[0]"`: that is the fault of one customer, and not of the mapping's fields. */
const NESTED = / at "\w+[.[][^"]{1,200}"; Field [^;]*$/;

/** Reads the complaint out of an error's message; undefined where it is none that is known. */
export function complaintOf(message: string): Complaint | undefined {
  if (UNKNOWN_INPUT.test(message)) return { kind: 'absent', mutation: 'updateCustomer' };
  if (NESTED.test(message)) return undefined;
  for (const { kind, pattern } of PATTERNS) {
    const name = pattern.exec(message)?.[1];
    if (name === undefined) continue;
    return kind === 'absent' ? { kind, mutation: name } : { kind, field: name };
  }
  return undefined;
}
