import { type Customer, UnusableProps } from '../../../src/handler.ts';
import { LIMITS } from './budget.ts';
import type { CustomerMap, MappingPath } from './map.ts';

const MINIMAL: Customer = {
  id: '11111111-1111-4111-8111-111111111111',
  version: 1,
  createdAt: '2026-01-01T00:00:00.000Z',
  lastModifiedAt: '2026-01-01T00:00:00.000Z',
  email: 'sample@example.com',
  addresses: [],
  shippingAddressIds: [],
  billingAddressIds: [],
  isEmailVerified: false,
  stores: [],
  customerGroupAssignments: [],
  authenticationMode: 'Password',
};

/** Creates a customer that has every text field, each of `length` characters, and this number of addresses. */
function sample(length: number, addresses: number): Customer {
  const text = 'a'.repeat(length);
  const ids = Array.from({ length: addresses }, (_, index) => `address-${index}`);
  const person = { title: text, firstName: text, middleName: text, lastName: text, salutation: text };
  return {
    ...MINIMAL,
    ...person,
    key: text,
    customerNumber: text,
    externalId: text,
    companyName: text,
    vatId: text,
    dateOfBirth: '1990-01-02',
    locale: 'en',
    addresses: ids.map((id) => ({
      id,
      country: 'NL',
      city: text,
      phone: text,
      mobile: text,
      streetName: text,
    })),
    shippingAddressIds: ids,
    billingAddressIds: ids,
    ...(ids[0] !== undefined && { defaultShippingAddressId: ids[0], defaultBillingAddressId: ids[0] }),
    custom: { type: { typeId: 'type', id: 'sample' }, fields: { text, number: 1, flag: true, list: ids } },
  };
}

/** A customer with the required fields only, an ordinary one, and one with long texts and many addresses. */
export const SAMPLES: readonly Customer[] = [MINIMAL, sample(10, 2), sample(250, 100)];

/** Tries a mapping with sample customers; throws `UnusableProps` with every expression that exceeds a limit for one of them. */
export async function tryMapping(map: CustomerMap): Promise<void> {
  const paths = new Map<string, MappingPath>();
  for (const customer of SAMPLES)
    for (const path of (await map.map(customer, 'sample')).overLimit) paths.set(path.join('.'), path);
  if (paths.size === 0) return;
  throw new UnusableProps(
    [...paths.values()].map((path) => ({
      path: ['mapping', ...path],
      expected: `an expression that stays within its limits (${LIMITS.steps} steps, ${LIMITS.depth} levels, lists of ${LIMITS.items} items) for a sample customer`,
      found: 'one that does not',
      advice: 'Look for an endless recursion, and for lists or texts that grow with each step.',
    })),
  );
}
