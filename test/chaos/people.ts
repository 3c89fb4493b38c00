import type { Customer, CustomerDraft } from '@commercetools/platform-sdk';
import type { Random } from './random.ts';

/**
 * All personal values are invented and marked, so that they are found in a log line: `pii` in texts, `+99` in phone numbers,
 * dates of birth in the nineteenth century. No id, code or time has these marks.
 */
export const PERSONAL = [/pii/i, /\+99 ?\d/, /\b18\d\d-\d\d-\d\d\b/] as const;

const COUNTRIES = ['DE', 'NL', 'US', 'AU', 'JP'];
const LOCALES = ['en', 'de', 'nl-NL', 'ja'];

/** A marked text; sometimes longer than Fluent's maximum, sometimes with characters that JSON and GraphQL escape. */
function text(random: Random, what: string): string {
  const plain = `pii-${what}-${random.between(1, 999_999)}`;
  if (random.chance(0.03)) return plain.padEnd(70, 'x');
  return random.chance(0.1) ? `${plain} "Ünï\\{}" 漢字` : plain;
}

function phone(random: Random): string {
  return `+99 ${random.between(100_000, 999_999_999)}`;
}

function email(random: Random): string {
  return `pii.${random.between(1, 9_999_999)}.${random.between(1, 9_999_999)}@example.com`;
}

function birthday(random: Random): string {
  return `18${random.between(10, 99)}-0${random.between(1, 9)}-${random.between(10, 28)}`;
}

function address(random: Random) {
  return {
    id: `address-${random.between(1, 999_999_999)}`,
    country: random.pick(COUNTRIES),
    streetName: text(random, 'street'),
    ...(random.chance(0.6) ? { phone: phone(random) } : {}),
    ...(random.chance(0.3) ? { mobile: phone(random) } : {}),
  };
}

/** A new customer; `number` makes its key and customer number unique. */
export function draft(random: Random, number: number): CustomerDraft {
  const addresses = Array.from({ length: random.between(0, 3) }, () => {
    const { id: _, ...rest } = address(random);
    return rest;
  });
  return {
    email: email(random),
    authenticationMode: 'ExternalAuth',
    addresses,
    ...(addresses.length > 0 && random.chance(0.5) ? { defaultShippingAddress: 0 } : {}),
    ...(addresses.length > 1 && random.chance(0.5) ? { defaultBillingAddress: 1 } : {}),
    ...(random.chance(0.8) ? { firstName: text(random, 'first'), lastName: text(random, 'last') } : {}),
    ...(random.chance(0.3) ? { key: `customer-${number}` } : {}),
    ...(random.chance(0.5) ? { customerNumber: `C${number}` } : {}),
    ...(random.chance(0.3) ? { title: text(random, 'title') } : {}),
    ...(random.chance(0.3) ? { dateOfBirth: birthday(random) } : {}),
  };
}

/** A change of a customer: the fields to set; undefined removes a field. Some fields are not mapped to Fluent. */
export function change(random: Random, customer: Customer, number: number): Changed {
  const maybe = <T>(value: T): T | undefined => (random.chance(0.7) ? value : undefined);
  switch (random.between(1, 14)) {
    case 1:
      return { firstName: maybe(text(random, 'first')) };
    case 2:
      return { lastName: maybe(text(random, 'last')) };
    case 3:
      return { email: email(random) };
    case 4:
      return { title: maybe(text(random, 'title')) };
    case 5:
      return { companyName: maybe(text(random, 'company')) };
    case 6:
      return { dateOfBirth: maybe(birthday(random)) };
    case 7:
      return { locale: maybe(random.pick(LOCALES)), vatId: maybe(text(random, 'vat')) };
    case 8:
      return { customerNumber: maybe(`C${number}-${random.between(1, 9)}`) };
    case 9:
      return { externalId: maybe(`X${number}`), key: maybe(`customer-${number}-${random.between(1, 9)}`) };
    case 10:
      return { addresses: [...customer.addresses, address(random)] };
    case 11:
      return { addresses: customer.addresses.slice(random.between(0, 1)) };
    case 12:
      return {
        addresses: customer.addresses.map((one) => {
          const { phone: _, mobile: __, ...rest } = one;
          return random.chance(0.5) ? rest : { ...rest, phone: phone(random) };
        }),
      };
    case 13:
      return {
        defaultShippingAddressId: maybe(customer.addresses.at(-1)?.id),
        defaultBillingAddressId: maybe(customer.addresses.at(0)?.id),
      };
    default:
      return { middleName: text(random, 'middle') };
  }
}

export type Changed = { readonly [Field in keyof Customer]?: Customer[Field] | undefined };
