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
    name: 'takes the default shipping address',
    input: { addresses, defaultShippingAddressId: 'work', defaultBillingAddressId: 'shop' },
    expected: ['FR', '3'],
  },
  {
    name: 'takes the default billing address when there is no default for shipping',
    input: { addresses, defaultBillingAddressId: 'shop' },
    expected: ['IT', '4'],
  },
  {
    name: 'takes the first address when there is no default, and no address without an id for it',
    input: { addresses: [work, home] },
    expected: ['FR', '3'],
  },
  {
    name: 'takes the first address when the default is gone',
    input: { addresses, defaultShippingAddressId: 'gone' },
    expected: ['DE', '1'],
  },
  { name: 'takes the only address', input: { addresses: [home] }, expected: ['DE', '1'] },
  {
    name: 'takes nothing from an address without a phone',
    input: { addresses: [{ country: 'DE' }] },
    expected: ['DE', undefined],
  },
  { name: 'takes nothing without addresses', input: { addresses: [] }, expected: [undefined, undefined] },
  { name: 'takes nothing without a list of addresses', input: {}, expected: [undefined, undefined] },
];

for (const { name, input, expected } of customers) {
  t.test(name, async (t) => {
    const address = await jsonata(mapping.define.address).evaluate(input);
    const country = await jsonata(mapping.country).evaluate(input, { address });
    const phone = await jsonata(mapping.primaryPhone).evaluate(input, { address });
    t.strictSame([country, phone], expected);
  });
}
