import type { CustomerMap } from './map.ts';

const IDENTIFIERS = { key: 'probe-key', externalId: 'probe-external', customerNumber: 'probe-number' };
const CUSTOMER = {
  ...IDENTIFIERS,
  version: 1,
  email: 'probe@example.com',
  firstName: 'Probe',
  lastName: 'Probe',
  companyName: 'Probe',
  addresses: [{ id: 'probe', country: 'NL' }],
};

/**
 * What a username is made from: the `id` alone (the look-up in Fluent need not wait for the customer), the identifiers that
 * even a deletion carries, or more of the `customer`. Found by trying: an expression may be anything.
 */
export async function usernameNeeds(map: CustomerMap): Promise<'id' | 'identifiers' | 'customer'> {
  const id = 'probe-id';
  const full = await map.username({ id, ...CUSTOMER });
  if (full?.includes(id) && (await map.username({ id })) === full) return 'id';
  return full !== undefined && (await map.username({ id, ...IDENTIFIERS })) === full
    ? 'identifiers'
    : 'customer';
}
