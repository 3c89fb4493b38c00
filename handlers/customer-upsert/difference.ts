import { isDeepStrictEqual } from 'node:util';
import {
  type Attribute,
  type FluentCustomer,
  isUpdatable,
  type UpdateCustomerInput,
} from '../../src/handler.ts';
import type { Desired } from './mapping/map.ts';
import { attributeField, attributesOf } from './record.ts';

/** Names of the fields in which Fluent's customer is not as it should be; `attributes.<name>` for attributes. */
export function differingFields(desired: Desired, found: FluentCustomer): string[] {
  const differing: string[] = [];
  for (const [field, text] of desired.fields)
    if (isUpdatable(field) && (found[field] || undefined) !== text && !keepsEmail(field, text))
      differing.push(field);
  if (desired.promotionOptIn !== undefined && desired.promotionOptIn !== found.promotionOptIn)
    differing.push('promotionOptIn');
  const held = attributesOf(found);
  for (const [name, value] of desired.attributes)
    if (!isDeepStrictEqual(blankAsAbsent(held.get(name)), value)) differing.push(attributeField(name));
  return differing;
}

/**
 * The update that makes Fluent's customer as it should be. It holds every mapped field, not only what differs: what two
 * writers write then never mixes. What commercetools no longer has is blanked where Fluent holds something.
 */
export function updateFor(username: string, desired: Desired, found: FluentCustomer): UpdateCustomerInput {
  const input: UpdateCustomerInput = { username };
  for (const [field, text] of desired.fields) {
    if (!isUpdatable(field)) continue;
    if (text !== undefined) input[field] = text;
    else if (found[field] && !keepsEmail(field, text)) input[field] = '';
  }
  if (desired.promotionOptIn !== undefined) input.promotionOptIn = desired.promotionOptIn;
  input.attributes = attributesFor(desired, attributesOf(found));
  return input;
}

/** The attributes to write: those with a value, and a blank for each that Fluent holds and commercetools no longer has. */
export function attributesFor(desired: Desired, held: ReadonlyMap<string, unknown>): Attribute[] {
  return [...desired.attributes].flatMap(([name, value]) => {
    if (value !== undefined) return [{ name, type: typeOf(value), value }];
    return blankAsAbsent(held.get(name)) === undefined ? [] : [{ name, type: 'STRING', value: '' }];
  });
}

/**
 * Names of the mapped fields in which Fluent holds something and commercetools has nothing: an update blanks them.
 * `attributes.<name>` for attributes.
 */
export function blankedFields(desired: Desired, held: FluentCustomer): string[] {
  const attributes = attributesOf(held);
  return [
    ...[...desired.fields]
      .filter(
        ([field, text]) =>
          isUpdatable(field) && text === undefined && held[field] && !keepsEmail(field, text),
      )
      .map(([field]) => field),
    ...[...desired.attributes]
      .filter(([name, value]) => value === undefined && blankAsAbsent(attributes.get(name)) !== undefined)
      .map(([name]) => attributeField(name)),
  ];
}

/** Fluent requires an e-mail address, so a mapping that gives none leaves it alone. */
function keepsEmail(field: string, text: string | undefined): boolean {
  return field === 'primaryEmail' && text === undefined;
}

function blankAsAbsent(value: unknown): unknown {
  return value === null || value === '' ? undefined : value;
}

function typeOf(value: unknown): string {
  if (typeof value === 'string') return 'STRING';
  if (typeof value === 'boolean') return 'BOOLEAN';
  return Number.isInteger(value) ? 'INTEGER' : 'JSON';
}
