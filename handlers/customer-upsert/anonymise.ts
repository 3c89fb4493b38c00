import type { Context, FluentCustomer, Outcome, UpdateCustomerInput } from '../../src/handler.ts';
import { attributesOf, otherOwner, versionOf } from './difference.ts';
import { ID_ATTRIBUTE, VERSION_ATTRIBUTE } from './map.ts';

/** `.invalid` is reserved: nothing sent there can arrive anywhere. RFC 2606 */
const emailFor = (id: string) => `deleted-${id}@anonymised.invalid`;

/**
 * What blanks all that Fluent knows of a person whose commercetools customer is gone: names, phone and the mapped
 * attributes; the e-mail address is replaced. The username stays, for nothing in Fluent can change it. Undefined when it
 * is so already, or when the username has passed to another customer meanwhile.
 */
export function anonymisation(
  id: string,
  found: FluentCustomer,
  username: string,
  mappedAttributes: readonly string[],
  version: number,
): UpdateCustomerInput | undefined {
  if (otherOwner(found, id) !== undefined) return undefined;
  const held = attributesOf(found);
  const blanked = mappedAttributes.filter((name) => held.get(name) !== undefined && held.get(name) !== '');
  const personal = [found.title, found.firstName, found.lastName, found.primaryPhone].some(Boolean);
  if (!personal && blanked.length === 0 && found.primaryEmail === emailFor(id)) return undefined;
  return {
    username,
    title: '',
    firstName: '',
    lastName: '',
    primaryPhone: '',
    primaryEmail: emailFor(id),
    attributes: [
      ...blanked.map((name) => ({ name, type: 'STRING', value: '' })),
      { name: ID_ATTRIBUTE, type: 'STRING', value: id },
      { name: VERSION_ATTRIBUTE, type: 'INTEGER', value: Math.max(version, versionOf(found, id)) },
    ],
  };
}

/** Sends that, where there is anything to blank. */
export async function anonymise(
  id: string,
  found: FluentCustomer | undefined,
  mappedAttributes: readonly string[],
  version: number,
  { fluent }: Context,
): Promise<Outcome> {
  if (!found?.username) return { kind: 'done', reason: 'never-in-fluent' };
  const input = anonymisation(id, found, found.username, mappedAttributes, version);
  if (!input) return { kind: 'done', reason: 'unchanged' };
  await fluent.updateCustomer(input);
  return { kind: 'done', reason: 'anonymised' };
}
