import { isDeepStrictEqual } from 'node:util';
import {
  type Attribute,
  type CreateCustomerInput,
  type FluentCustomer,
  isUpdatable,
  LONGEST_USERNAME,
  Rejection,
  type UpdateCustomerInput,
} from '../../src/handler.ts';
import type { Desired } from './mapping/map.ts';
import {
  attributeField,
  attributesOf,
  ID_ATTRIBUTE,
  PROJECT_ATTRIBUTE,
  VERSION_ATTRIBUTE,
} from './record.ts';

/** Written always, so they are not reported as changed. */
const ALWAYS = new Set([
  'username',
  'retailer',
  ...[ID_ATTRIBUTE, PROJECT_ATTRIBUTE, VERSION_ATTRIBUTE].map(attributeField),
]);

/** The parts of a write that `changedFields` needs. */
type Write =
  | { readonly kind: 'create'; readonly input: CreateCustomerInput }
  | {
      readonly kind: 'update';
      readonly input: UpdateCustomerInput;
      readonly reason: 'updated' | 'anonymised' | undefined;
      readonly differing: readonly string[];
    };

/** The username to write under; throws `Rejection` for none, or for one that Fluent cannot take. */
export function requireUsername({ username }: Desired): string {
  if (username === undefined)
    throw new Rejection(
      'no-username',
      'Expected a username from the mapping, got none; add a fallback to its expression.',
    );
  if (username.length > LONGEST_USERNAME)
    throw new Rejection(
      'username-too-long',
      `Expected a username of at most ${LONGEST_USERNAME} characters, got ${username.length}.`,
    );
  return username;
}

/** The customer as it is created; throws `Rejection` without the e-mail address that Fluent requires. */
export function createFor(username: string, desired: Desired, retailerId: string): CreateCustomerInput {
  const primaryEmail = desired.fields.get('primaryEmail');
  if (primaryEmail === undefined)
    throw new Rejection(
      'no-email',
      'Expected a primaryEmail of at most 250 characters from the mapping, got none; Fluent requires it, so add a fallback to its expression.',
    );
  const texts = [...desired.fields].filter(([, text]) => text !== undefined);
  return {
    ...Object.fromEntries(texts),
    username,
    primaryEmail,
    // Consent is never assumed.
    promotionOptIn: desired.promotionOptIn ?? false,
    attributes: attributesFor(desired, new Map()),
    retailer: { id: retailerId },
  };
}

/**
 * The update that makes Fluent's customer as it should be. It holds every mapped field, not only those that differ, so
 * that the values of two writers never mix. A field that commercetools no longer has is blanked if Fluent has a value.
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

/** Names of the fields of the customer that a write changes; `attributes.<name>` for attributes. */
export function changedFields(write: Write): string[] {
  // A write without a reason is another customer's, or a claim.
  if (write.kind === 'update' && write.reason === undefined) return [];
  const names =
    write.kind === 'update' && write.reason === 'updated' ? write.differing : namesIn(write.input);
  return names.filter((name) => !ALWAYS.has(name));
}

function namesIn({ attributes = [], ...fields }: CreateCustomerInput | UpdateCustomerInput): string[] {
  return [...Object.keys(fields), ...attributes.map(({ name }) => attributeField(name))];
}

/** Fluent requires an e-mail address, so it is not changed if the mapping has none. */
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
