import { type Customer, Failure, TEXT_FIELDS, type TextField } from '../../../src/handler.ts';
import { ID_ATTRIBUTE, PROJECT_ATTRIBUTE, VERSION_ATTRIBUTE } from '../record.ts';
import { Budget, isOverLimit } from './budget.ts';
import { BUDGET } from './evaluation-hooks.ts';
import { compile, type Expression } from './expression.ts';
import { fitText, jsonOf, textOf, UNUSABLE } from './fit.ts';
import type { Mapping } from './mapping.ts';

/** The wanted state of a customer in Fluent. A mapped field without a value in commercetools is undefined. */
export interface Desired {
  /** The version of the commercetools customer. */
  readonly version: number;
  readonly username: string | undefined;
  readonly fields: ReadonlyMap<TextField, string | undefined>;
  readonly promotionOptIn: boolean | undefined;
  readonly attributes: ReadonlyMap<string, unknown>;
  /** Names of fields that were cut to Fluent's maximum length. */
  readonly cut: readonly string[];
  /** Names of fields whose expression failed or returned an unusable value; they are not changed in Fluent. */
  readonly unusable: readonly string[];
  /** Paths in the mapping of expressions that exceeded a limit, such as `['attributes', 'vatId']`. */
  readonly overLimit: readonly MappingPath[];
}

/** The path of an expression in the mapping. */
export type MappingPath = readonly string[];

/** A compiled mapping; it is pure. */
export interface CustomerMap {
  map(customer: Customer, projectKey: string): Promise<Desired>;
  /** Evaluates the username alone, for a customer of which only the id and identifiers are known. */
  username(customer: object): Promise<string | undefined>;
}

/** Evaluates the mapping's expressions for one customer, within one budget. */
interface Evaluation {
  /** Returns a promise only if JSONata's engine was used. Await nothing else: the promises of 20 fields cost 7 KB an event. */
  evaluate(expression: Expression, path: MappingPath): unknown;
  readonly overLimit: readonly MappingPath[];
}

/** Compiles a mapping. */
export function createMap(mapping: Mapping): CustomerMap {
  const definitions = compileEach('define', mapping.define);
  const attributes = compileEach('attributes', mapping.attributes);
  const username = compile(mapping.username);
  const optIn = mapping.promotionOptIn === undefined ? undefined : compile(mapping.promotionOptIn);
  const texts = TEXT_FIELDS.flatMap((field) => {
    const source = mapping[field];
    return source === undefined ? [] : [{ field, path: [field], expression: compile(source) }];
  });

  async function over(input: object, defined = definitions): Promise<Evaluation> {
    const bindings: Record<string, unknown> = { [BUDGET]: new Budget() };
    const overLimit: MappingPath[] = [];
    function unusable(error: unknown, path: MappingPath): typeof UNUSABLE {
      // A `Failure` means that the service is overloaded, not that the mapping is wrong.
      if (error instanceof Failure) throw error;
      if (isOverLimit(error)) overLimit.push(path);
      return UNUSABLE;
    }
    function evaluate(expression: Expression, path: MappingPath): unknown {
      try {
        const value = expression.evaluate(input, bindings);
        return value instanceof Promise ? value.catch((error: unknown) => unusable(error, path)) : value;
      } catch (error) {
        return unusable(error, path);
      }
    }
    for (const { name, path, expression } of defined) {
      const evaluated = evaluate(expression, path);
      const value = evaluated instanceof Promise ? await evaluated : evaluated;
      // A definition that exceeded a limit stays unusable; one that failed is treated as not defined.
      bindings[name] = value === UNUSABLE && overLimit.at(-1) !== path ? undefined : value;
    }
    return { evaluate, overLimit };
  }

  return {
    async username(input) {
      // Called for each event before anything is read, so definitions are evaluated only if the username needs them.
      const { evaluate } = await over(input, username.standsAlone ? [] : definitions);
      return textOf(await evaluate(username, ['username']));
    },
    async map(customer, projectKey) {
      // The mapping must not read the password's hash.
      const { password: _, ...input } = customer;
      const { evaluate, overLimit } = await over(input);
      // Evaluated first, so that the other expressions cannot use up its budget: nothing can be written without a username.
      const name = textOf(await evaluate(username, ['username']));
      const cut: string[] = [];
      const unusable: string[] = [];
      const fields = new Map<TextField, string | undefined>();
      for (const { field, path, expression } of texts) {
        const value = evaluate(expression, path);
        const fitted = fitText(field, value instanceof Promise ? await value : value);
        if (fitted.kind === 'unusable') unusable.push(field);
        else fields.set(field, fitted.text);
        if (fitted.kind === 'cut') cut.push(field);
      }
      const values = new Map<string, unknown>();
      for (const { name, path, expression } of attributes) {
        const evaluated = evaluate(expression, path);
        const value = jsonOf(evaluated instanceof Promise ? await evaluated : evaluated);
        if (value === UNUSABLE) unusable.push(name);
        else values.set(name, value === null || value === '' ? undefined : value);
      }
      values.set(ID_ATTRIBUTE, customer.id);
      values.set(PROJECT_ATTRIBUTE, projectKey);
      values.set(VERSION_ATTRIBUTE, customer.version);
      const promotionOptIn = optIn && (await evaluate(optIn, ['promotionOptIn']));
      if (promotionOptIn !== undefined && typeof promotionOptIn !== 'boolean')
        unusable.push('promotionOptIn');
      return {
        version: customer.version,
        username: name,
        fields,
        promotionOptIn: typeof promotionOptIn === 'boolean' ? promotionOptIn : undefined,
        attributes: values,
        cut,
        unusable,
        overLimit,
      };
    },
  };
}

interface Named {
  readonly name: string;
  readonly path: MappingPath;
  readonly expression: Expression;
}

function compileEach(key: 'define' | 'attributes', sources: Readonly<Record<string, string>>): Named[] {
  return Object.entries(sources).map(([name, source]) => ({
    name,
    path: [key, name],
    expression: compile(source),
  }));
}
