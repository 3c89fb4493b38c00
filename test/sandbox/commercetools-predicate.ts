/** Parses commercetools' query predicates: https://docs.commercetools.com/api/predicates/query */
export type Predicate =
  | { readonly kind: 'and' | 'or'; readonly left: Predicate; readonly right: Predicate }
  | { readonly kind: 'not'; readonly inner: Predicate }
  | { readonly kind: 'compare'; readonly field: string; readonly operator: Operator; readonly value: Value }
  | { readonly kind: 'in'; readonly field: string; readonly values: ReadonlySet<Value> }
  | { readonly kind: 'contains'; readonly field: string; readonly every: boolean; readonly values: Value[] }
  | { readonly kind: 'defined' | 'empty'; readonly field: string }
  | { readonly kind: 'nested'; readonly field: string; readonly inner: Predicate };

export type Value = string | number | boolean;
export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** Thrown for an invalid predicate; the API answers it with 400. */
export class PredicateError extends Error {}

const TOKEN = /\s+|("(?:\\.|[^"\\])*")|([A-Za-z_`:][-\w.`]*)|(-?\d+(?:\.\d+)?)|(<>|!=|<=|>=|[=<>(),])/y;
const OPERATORS: Readonly<Record<string, Operator>> = {
  '=': '=',
  '!=': '!=',
  '<>': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};
const DATES = new Set(['createdAt', 'lastModifiedAt']);

/** Throws a PredicateError that names the position; `variables` are the request's `var.` parameters, without the prefix. */
export function parsePredicate(text: string, variables: ReadonlyMap<string, string> = new Map()): Predicate {
  const parser = new Parser(text, variables);
  const predicate = parser.or();
  parser.end();
  return predicate;
}

class Parser {
  readonly #tokens: string[] = [];
  readonly #variables: ReadonlyMap<string, string>;
  #at = 0;

  constructor(text: string, variables: ReadonlyMap<string, string>) {
    this.#variables = variables;
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < text.length) {
      const position = TOKEN.lastIndex;
      const found = TOKEN.exec(text);
      if (found === null) throw new PredicateError(`Unexpected character at position ${position + 1}`);
      if (found[0].trim() !== '') this.#tokens.push(found[0]);
    }
  }

  or(): Predicate {
    let left = this.#and();
    while (this.#take('or')) left = { kind: 'or', left, right: this.#and() };
    return left;
  }

  end(): void {
    if (this.#at < this.#tokens.length) throw this.#unexpected('the end, "and" or "or"');
  }

  #and(): Predicate {
    let left = this.#term();
    while (this.#take('and')) left = { kind: 'and', left, right: this.#term() };
    return left;
  }

  #term(): Predicate {
    if (this.#take('not')) return { kind: 'not', inner: this.#term() };
    if (this.#take('(')) return this.#closed(this.or());
    const field = this.#next('a field').replaceAll('`', '');
    if (!/^[A-Za-z_]/.test(field)) throw this.#unexpected('a field', 1);
    if (this.#take('(')) return { kind: 'nested', field, inner: this.#closed(this.or()) };
    if (this.#take('not')) {
      this.#expect('in');
      return { kind: 'not', inner: { kind: 'in', field, values: new Set(this.#list(field)) } };
    }
    if (this.#take('in')) return { kind: 'in', field, values: new Set(this.#list(field)) };
    if (this.#take('is')) return this.#is(field);
    if (this.#take('contains')) {
      const every = this.#take('all');
      if (!every) this.#expect('any');
      return { kind: 'contains', field, every, values: this.#list(field) };
    }
    const operator = OPERATORS[this.#next('an operator')];
    if (operator === undefined) throw this.#unexpected('an operator', 1);
    return { kind: 'compare', field, operator, value: this.#value(field) };
  }

  #is(field: string): Predicate {
    const negated = this.#take('not');
    const kind = this.#take('empty') ? 'empty' : 'defined';
    if (kind === 'defined') this.#expect('defined');
    return negated ? { kind: 'not', inner: { kind, field } } : { kind, field };
  }

  #list(field: string): Value[] {
    if (!this.#take('(')) return [this.#value(field)];
    const values = [this.#value(field)];
    while (this.#take(',')) values.push(this.#value(field));
    return this.#closed(values);
  }

  #value(field: string): Value {
    const token = this.#next('a value');
    if (token.startsWith('"')) return literal(field, token.slice(1, -1).replace(/\\(.)/g, '$1'));
    if (token === 'true' || token === 'false') return token === 'true';
    if (/^-?\d/.test(token)) return Number(token);
    const variable = token.startsWith(':') ? this.#variables.get(token.slice(1)) : undefined;
    if (variable === undefined)
      throw this.#unexpected('a quoted text, a number, true, false or a variable', 1);
    return literal(field, variable);
  }

  #closed<T>(inner: T): T {
    this.#expect(')');
    return inner;
  }

  #take(word: string): boolean {
    if (this.#tokens[this.#at]?.toLowerCase() !== word) return false;
    this.#at += 1;
    return true;
  }

  #expect(word: string): void {
    if (!this.#take(word)) throw this.#unexpected(`"${word}"`);
  }

  #next(expected: string): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw this.#unexpected(expected);
    this.#at += 1;
    return token;
  }

  #unexpected(expected: string, back = 0): PredicateError {
    const at = this.#at - back;
    const found = this.#tokens[at];
    return new PredicateError(
      `Expected ${expected} as word ${at + 1}, found ${found === undefined ? 'the end' : `'${found}'`}`,
    );
  }
}

// Stored dates have milliseconds and a Z; the same time in another format must compare equal.
function literal(field: string, text: string): string {
  if (!DATES.has(field)) return text;
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) throw new PredicateError(`Expected a date for ${field}, found '${text}'`);
  return new Date(milliseconds).toISOString();
}
