import { isUpdatable, type SentFields } from '../../src/handler.ts';
import type { CustomerMap, Desired } from './mapping/map.ts';
import type { Mapping } from './mapping/mapping.ts';
import { SAMPLES } from './mapping/trial.ts';

/**
 * The fields that a mapping sends to Fluent. A field with a value for every sample customer, including the minimal one, is
 * assumed to have a value for every customer.
 */
export async function sentFields(map: CustomerMap, mapping: Mapping): Promise<SentFields[]> {
  const desired: Desired[] = [];
  for (const customer of SAMPLES) desired.push(await map.map(customer, 'sample'));
  const mapped = [...(desired[0]?.fields.keys() ?? [])];
  const isPromised = (field: (typeof mapped)[number]) =>
    desired.every(({ fields }) => fields.get(field) !== undefined);
  const promised = mapped.filter(isPromised);
  const depending = mapped.filter((field) => !isPromised(field) && field !== 'primaryEmail');
  const consent = mapping.promotionOptIn === undefined ? [] : ['promotionOptIn'];
  return [
    {
      mutation: 'createCustomer',
      // Without an e-mail address a customer is not created at all.
      always: [
        ...new Set(['username', ...promised, 'primaryEmail', 'promotionOptIn', 'attributes', 'retailer']),
      ],
      sometimes: depending,
    },
    {
      mutation: 'updateCustomer',
      always: ['username', ...promised.filter(isUpdatable), 'attributes'],
      sometimes: [...mapped.filter((field) => !promised.includes(field) && isUpdatable(field)), ...consent],
    },
  ];
}
