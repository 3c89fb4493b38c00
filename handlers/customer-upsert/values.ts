import type { FieldValues, FluentCustomer } from '../../src/handler.ts';
import type { Desired } from './mapping/map.ts';
import type { Plan } from './plan.ts';
import { attributeField, attributesOf } from './record.ts';

/** Each field with its value in commercetools, the value that would be sent, and its value in Fluent. Personal data. */
export function valuesOf(
  username: string,
  desired: Desired | undefined,
  record: FluentCustomer | undefined,
  plan: Plan,
): FieldValues[] {
  const { attributes = [], ...input } = plan.kind === 'nothing' ? {} : plan.input;
  const { attributes: _, ...held } = record ?? {};
  const wanted = new Map<string, unknown>([
    ['username', username],
    ...(desired?.fields ?? []),
    ...(desired?.promotionOptIn === undefined ? [] : [['promotionOptIn', desired.promotionOptIn] as const]),
    ...named(desired?.attributes ?? []),
  ]);
  const sent = new Map<string, unknown>([
    ...Object.entries(input),
    ...named(attributes.map(({ name, value }) => [name, value] as const)),
  ]);
  const inFluent = new Map<string, unknown>([
    ...Object.entries(held),
    ...named(record ? attributesOf(record) : []),
  ]);
  return [...new Set([...wanted.keys(), ...sent.keys()])].map((field) => ({
    field,
    commercetools: wanted.get(field),
    sent: sent.get(field),
    fluent: inFluent.get(field),
  }));
}

function named(attributes: Iterable<readonly [string, unknown]>): (readonly [string, unknown])[] {
  return Array.from(attributes, ([name, value]) => [attributeField(name), value] as const);
}
