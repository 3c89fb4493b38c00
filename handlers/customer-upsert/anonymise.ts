import { each, type FluentCustomer, PERSONAL_FIELDS, type UpdateCustomerInput } from '../../src/handler.ts';
import {
  attributesOf,
  ID_ATTRIBUTE,
  isOwnedBy,
  type Owner,
  PROJECT_ATTRIBUTE,
  VERSION_ATTRIBUTE,
  versionOf,
} from './record.ts';

/** The top-level domain `.invalid` is reserved (RFC 2606), so e-mail sent there is never delivered. */
const emailFor = (id: string) => `deleted-${id}@anonymised.invalid`;

/**
 * The update that blanks all that Fluent knows of a person whose commercetools customer is gone: names, phone and the mapped
 * attributes; the e-mail address is replaced. The username stays, because nothing in Fluent can change it. Undefined when it
 * is so already, or when Fluent's customer is not this one's copy.
 */
export function anonymisation(
  owner: Owner,
  record: FluentCustomer,
  username: string,
  mappedAttributes: readonly string[],
  version: number,
): UpdateCustomerInput | undefined {
  if (!isOwnedBy(record, owner)) return undefined;
  const held = attributesOf(record);
  const blanked = mappedAttributes.filter((name) => held.get(name) !== undefined && held.get(name) !== '');
  const personal = PERSONAL_FIELDS.some((field) => record[field]);
  if (!personal && blanked.length === 0 && record.primaryEmail === emailFor(owner.id)) return undefined;
  return {
    username,
    ...each(PERSONAL_FIELDS, ''),
    primaryEmail: emailFor(owner.id),
    attributes: [
      ...blanked.map((name) => ({ name, type: 'STRING', value: '' })),
      { name: ID_ATTRIBUTE, type: 'STRING', value: owner.id },
      { name: PROJECT_ATTRIBUTE, type: 'STRING', value: owner.project },
      { name: VERSION_ATTRIBUTE, type: 'INTEGER', value: Math.max(version, versionOf(record, owner)) },
    ],
  };
}
