import { readFile } from 'node:fs/promises';
import jsonata from 'jsonata';
import t from 'tap';
import { parse } from 'yaml';
import { z } from 'zod';

const shape = z.object({
  define: z.object({ address: z.string() }),
  country: z.string(),
  primaryPhone: z.string(),
});
const file = z.object({ routes: z.tuple([z.object({ props: z.object({ mapping: shape }) })]) });
const text = await readFile(new URL('../../config/connector.yml', import.meta.url), 'utf8');
const { mapping } = file.parse(parse(text)).routes[0].props;

const home = { country: 'DE', phone: '1', mobile: '2' };
const work = { id: 'work', country: 'FR', mobile: '3' };
const shop = { id: 'shop', country: 'IT', phone: '', mobile: '4' };
const addresses = [home, work, shop];

const customers = [
  {
    name: 'uses the default shipping address',
    input: { addresses, defaultShippingAddressId: 'work', defaultBillingAddressId: 'shop' },
    expected: ['FR', '3'],
  },
  {
    name: 'uses the default billing address without a default shipping address',
    input: { addresses, defaultBillingAddressId: 'shop' },
    expected: ['IT', '4'],
  },
  {
    name: 'uses the first address without defaults, and no address without an id as the default',
    input: { addresses: [work, home] },
    expected: ['FR', '3'],
  },
  {
    name: 'uses the first address if the default does not exist',
    input: { addresses, defaultShippingAddressId: 'gone' },
    expected: ['DE', '1'],
  },
  { name: 'uses the only address', input: { addresses: [home] }, expected: ['DE', '1'] },
  {
    name: 'has no phone for an address without one',
    input: { addresses: [{ country: 'DE' }] },
    expected: ['DE', undefined],
  },
  { name: 'has no value without addresses', input: { addresses: [] }, expected: [undefined, undefined] },
  { name: 'has no value without a list of addresses', input: {}, expected: [undefined, undefined] },
];

for (const { name, input, expected } of customers) {
  t.test(name, async (t) => {
    const address = await jsonata(mapping.define.address).evaluate(input);
    const country = await jsonata(mapping.country).evaluate(input, { address });
    const phone = await jsonata(mapping.primaryPhone).evaluate(input, { address });
    t.strictSame([country, phone], expected);
  });
}
