import type { Customer, TextField } from '../../src/handler.ts';
import { compile, type Expression } from './expression.ts';
import { fitText, jsonOf, textOf, UNUSABLE } from './fit.ts';
import type { Mapping } from './props.ts';
import { ID_ATTRIBUTE, PROJECT_ATTRIBUTE, VERSION_ATTRIBUTE } from './record.ts';

/** What a customer should be in Fluent. A field that is mapped, but that commercetools does not have, is undefined. */
export interface Desired {
  /** The version of the commercetools customer. */
  readonly version: number;
  readonly username: string | undefined;
  readonly fields: ReadonlyMap<MappedField, string | undefined>;
  readonly promotionOptIn: boolean | undefined;
  readonly attributes: ReadonlyMap<string, unknown>;
  /** Names of fields that were cut to fit. */
  readonly cut: readonly string[];
  /** Names of fields whose expression failed or gave no usable value: these are left as they are. */
  readonly unusable: readonly string[];
}

export type MappedField = Exclude<TextField, 'username'>;

const MAPPED_FIELDS = [
  'title',
  'firstName',
  'lastName',
  'primaryEmail',
  'primaryPhone',
  'country',
  'timezone',
  'department',
] as const satisfies MappedField[];

/** A compiled mapping; it is pure. */
export interface CustomerMap {
  map(customer: Customer, projectKey: string): Promise<Desired>;
  /** The username alone, for when there is only an id and identifiers. */
  username(customer: object): Promise<string | undefined>;
}

/** A promise only where JSONata's engine was asked; awaiting a plain value costs next to nothing. */
type Evaluate = (expression: Expression) => unknown;

/** Compiles a mapping, once. */
export function createMap(mapping: Mapping): CustomerMap {
  const definitions = compileEach(Object.entries(mapping.define));
  const attributes = compileEach(Object.entries(mapping.attributes));
  const username = compile(mapping.username);
  const optIn = mapping.promotionOptIn === undefined ? undefined : compile(mapping.promotionOptIn);
  const texts = MAPPED_FIELDS.flatMap((field) => {
    const source = mapping[field];
    return source === undefined ? [] : [{ field, expression: compile(source) }];
  });

  async function over(input: object, defined = definitions): Promise<Evaluate> {
    const bindings: Record<string, unknown> = {};
    const evaluate: Evaluate = (expression) => {
      try {
        const value = expression.evaluate(input, bindings);
        return value instanceof Promise ? value.catch(() => UNUSABLE) : value;
      } catch {
        return UNUSABLE;
      }
    };
    for (const { name, expression } of defined) {
      const value = await evaluate(expression);
      bindings[name] = value === UNUSABLE ? undefined : value;
    }
    return evaluate;
  }

  return {
    async username(input) {
      // Asked for each event, before anything is read: definitions are worked out only where it needs them.
      const evaluate = await over(input, username.standsAlone ? [] : definitions);
      return textOf(await evaluate(username));
    },
    async map(customer, projectKey) {
      // The password's hash is nobody's business, whatever the mapping says.
      const { password: _, ...input } = customer;
      const evaluate = await over(input);
      const cut: string[] = [];
      const unusable: string[] = [];
      const fields = new Map<MappedField, string | undefined>();
      for (const { field, expression } of texts) {
        const fitted = fitText(field, await evaluate(expression));
        if (fitted.kind === 'unusable') unusable.push(field);
        else fields.set(field, fitted.text);
        if (fitted.kind === 'cut') cut.push(field);
      }
      const values = new Map<string, unknown>();
      for (const { name, expression } of attributes) {
        const value = jsonOf(await evaluate(expression));
        if (value === UNUSABLE) unusable.push(name);
        else values.set(name, value === null || value === '' ? undefined : value);
      }
      values.set(ID_ATTRIBUTE, customer.id);
      values.set(PROJECT_ATTRIBUTE, projectKey);
      values.set(VERSION_ATTRIBUTE, customer.version);
      const promotionOptIn = optIn && (await evaluate(optIn));
      if (promotionOptIn !== undefined && typeof promotionOptIn !== 'boolean')
        unusable.push('promotionOptIn');
      return {
        version: customer.version,
        username: textOf(await evaluate(username)),
        fields,
        promotionOptIn: typeof promotionOptIn === 'boolean' ? promotionOptIn : undefined,
        attributes: values,
        cut,
        unusable,
      };
    },
  };
}

function compileEach(
  sources: readonly (readonly [string, string])[],
): { name: string; expression: Expression }[] {
  return sources.map(([name, source]) => ({ name, expression: compile(source) }));
}
