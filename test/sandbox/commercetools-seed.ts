import { createHash } from 'node:crypto';
import type { Customer } from '@commercetools/platform-sdk';

const FIRST = ['Amba', 'Birel', 'Corva', 'Delmi', 'Elorin', 'Fenja', 'Garo', 'Hilke', 'Ivaro', 'Jesmi'];
const LAST = ['Ambrook', 'Birkvale', 'Corstead', 'Dunmere', 'Elmarsh', 'Fenlow', 'Garrowby', 'Holmend'];
const PLACES = [
  { country: 'DE', city: 'Musterstadt', postalCode: '00001' },
  { country: 'US', city: 'Sampleton', postalCode: '00002', state: 'NY' },
  { country: 'AU', city: 'Exampleton', postalCode: '0003', state: 'NSW' },
];

/** Creates a UUID from `random`; the same sequence of numbers gives the same UUID. */
export function uuidFrom(random: () => number): string {
  const hex = createHash('md5').update(`${random()}/${random()}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** Creates a person at example.com; `number` makes it unique. */
export function inventCustomer(number: number, id: string, random: () => number, at: string): Customer {
  const firstName = pick(FIRST, random);
  const lastName = pick(LAST, random);
  const address = {
    id: `a${number}`,
    firstName,
    lastName,
    streetName: 'Example Street',
    streetNumber: String((number % 200) + 1),
    ...pick(PLACES, random),
  };
  return {
    id,
    version: 1,
    createdAt: at,
    lastModifiedAt: at,
    email: `${firstName}.${lastName}.${number}@example.com`.toLowerCase(),
    firstName,
    lastName,
    key: `customer-${number}`,
    customerNumber: `C${number}`,
    addresses: [address],
    defaultShippingAddressId: address.id,
    defaultBillingAddressId: address.id,
    shippingAddressIds: [address.id],
    billingAddressIds: [address.id],
    isEmailVerified: true,
    stores: [],
    customerGroupAssignments: [],
    authenticationMode: 'ExternalAuth',
    locale: 'en',
  };
}

function pick<T>(list: readonly T[], random: () => number): T {
  const found = list[Math.floor(random() * list.length)];
  if (found === undefined) throw new Error('Expected random to give a number from 0 up to 1, found another.');
  return found;
}
