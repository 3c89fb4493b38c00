import type { Customer } from '@commercetools/platform-sdk';
import type { StoredCustomer } from '../sandbox/fluent.ts';

/** Fluent's maximum lengths; longer texts are cut. */
const LENGTHS = { title: 50, firstName: 50, lastName: 50, primaryPhone: 20, country: 100 } as const;

/**
 * Computes what Fluent should contain for a customer by the shipped mapping, without code of the handler. A field that the
 * customer does not have is an empty text.
 */
export function expectedOf(
  customer: Customer,
  username: string,
  projectKey: string,
): Record<string, unknown> {
  const { addresses, defaultShippingAddressId, defaultBillingAddressId } = customer;
  const named = (id: string | undefined) =>
    id === undefined ? undefined : addresses.find((one) => one.id === id);
  const address = named(defaultShippingAddressId) ?? named(defaultBillingAddressId) ?? addresses[0];
  return {
    username,
    primaryEmail: customer.email,
    title: cut(customer.title, LENGTHS.title),
    firstName: cut(customer.firstName, LENGTHS.firstName),
    lastName: cut(customer.lastName, LENGTHS.lastName),
    primaryPhone: cut(address?.phone || address?.mobile, LENGTHS.primaryPhone),
    country: cut(address?.country, LENGTHS.country),
    promotionOptIn: false,
    'retailer.id': '1',
    'attributes.customerNumber': customer.customerNumber ?? '',
    'attributes.externalId': customer.externalId ?? '',
    'attributes.key': customer.key ?? '',
    'attributes.companyName': customer.companyName ?? '',
    'attributes.vatId': customer.vatId ?? '',
    'attributes.dateOfBirth': customer.dateOfBirth ?? '',
    'attributes.locale': customer.locale ?? '',
    'attributes.commercetoolsId': customer.id,
    'attributes.commercetoolsProject': projectKey,
    'attributes.commercetoolsVersion': customer.version,
  };
}

/** The content of Fluent in the same form. */
export function heldBy(customer: StoredCustomer): Record<string, unknown> {
  const { username, primaryEmail, title, firstName, lastName, primaryPhone, country } = customer;
  const texts = { title, firstName, lastName, primaryPhone, country };
  const attributes = Object.fromEntries(
    customer.attributes
      // The service's claims on usernames.
      .filter(({ name }) => !name.startsWith('commercetoolsClaim.'))
      .map(({ name, value }) => [`attributes.${name}`, value]),
  );
  return {
    username,
    primaryEmail,
    ...Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, value ?? ''])),
    promotionOptIn: customer.promotionOptIn,
    'retailer.id': customer.retailer.id,
    ...attributes,
  };
}

/** Names of the fields that differ, and how; blank and undefined are equal. */
export function differing(
  customer: Customer,
  held: StoredCustomer,
  username: string,
  projectKey: string,
): string[] {
  const expected = expectedOf(customer, username, projectKey);
  const found = heldBy(held);
  const names = new Set([...Object.keys(expected), ...Object.keys(found)]);
  return [...names].flatMap((name) => {
    const [should, does] = [expected[name] ?? '', found[name] ?? ''];
    if (should === does) return [];
    return [should === '' ? `${name} (should be blank)` : does === '' ? `${name} (is blank)` : name];
  });
}

/** The value of the attribute in Fluent. */
export function attribute(held: StoredCustomer, name: string): unknown {
  return held.attributes.find((one) => one.name === name)?.value;
}

/** Names of the fields that contain personal data although everything should be blank. */
export function personalFields(held: StoredCustomer): string[] {
  const names = ['title', 'firstName', 'lastName', 'primaryPhone', ...MAPPED_ATTRIBUTES] as const;
  const fields = heldBy(held);
  const left = names.filter((name) => (fields[name] ?? '') !== '');
  return /^deleted-.*@anonymised\.invalid$/.test(held.primaryEmail ?? '') ? left : [...left, 'primaryEmail'];
}

const MAPPED_ATTRIBUTES = [
  'customerNumber',
  'externalId',
  'key',
  'companyName',
  'vatId',
  'dateOfBirth',
  'locale',
].map((name) => `attributes.${name}`);

function cut(text: string | undefined, length: number): string {
  return (text ?? '').slice(0, length);
}
