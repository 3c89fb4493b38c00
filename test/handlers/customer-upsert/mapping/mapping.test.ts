import { readFile } from 'node:fs/promises';
import type { Customer } from '@commercetools/platform-sdk';
import t from 'tap';
import { parse } from 'yaml';
import { z } from 'zod';
import { createMap } from '../../../../handlers/customer-upsert/mapping/map.ts';
import { DEFAULT_MAPPING, Mapping } from '../../../../handlers/customer-upsert/mapping/mapping.ts';

const BASE: Customer = {
  id: 'c-1',
  version: 7,
  createdAt: '2026-03-02T09:15:00.384Z',
  lastModifiedAt: '2026-03-02T09:15:00.384Z',
  email: 'amba@example.com',
  addresses: [],
  shippingAddressIds: [],
  billingAddressIds: [],
  isEmailVerified: true,
  stores: [],
  customerGroupAssignments: [],
  authenticationMode: 'Password',
};

const SHIPPING = { id: 's', country: 'DE', phone: '+49 1' };
const BILLING = { id: 'b', country: 'AU', phone: '+61 1' };
const FIRST = { id: 'f', country: 'US', phone: '+1 1' };

type Changes = Partial<z.input<typeof Mapping>>;

/** Maps a customer with the default mapping and changes to it; returns plain data. */
async function mapped(customer: object, changes: Changes = {}) {
  const map = createMap(Mapping.parse({ ...DEFAULT_MAPPING, ...changes }));
  const { fields, attributes, ...rest } = await map.map({ ...BASE, ...customer }, 'project');
  return {
    ...rest,
    fields: Object.fromEntries([...fields].filter(([, text]) => text !== undefined)),
    attributes: Object.fromEntries([...attributes].filter(([, value]) => value !== undefined)),
  };
}

t.test('the default mapping is the one in connector.yml', async (t) => {
  const path = new URL('../../../../config/connector.yml', import.meta.url);
  const file = z
    .object({ routes: z.array(z.object({ props: z.object({ mapping: z.unknown() }) })) })
    .parse(parse(await readFile(path, 'utf8')));
  t.strictSame(file.routes[0]?.props.mapping, DEFAULT_MAPPING);
});

t.test('uses country and phone of the right address', async (t) => {
  const cases = [
    {
      name: 'the default shipping address',
      customer: {
        addresses: [FIRST, BILLING, SHIPPING],
        defaultShippingAddressId: 's',
        defaultBillingAddressId: 'b',
      },
      expected: { country: 'DE', primaryPhone: '+49 1' },
    },
    {
      name: 'the default billing address where there is no default shipping address',
      customer: { addresses: [FIRST, BILLING, SHIPPING], defaultBillingAddressId: 'b' },
      expected: { country: 'AU', primaryPhone: '+61 1' },
    },
    {
      name: 'the first where there is no default',
      customer: { addresses: [FIRST, BILLING] },
      expected: { country: 'US', primaryPhone: '+1 1' },
    },
    {
      name: 'the first where the default is an id that no address has',
      customer: { addresses: [FIRST, BILLING], defaultShippingAddressId: 'gone' },
      expected: { country: 'US', primaryPhone: '+1 1' },
    },
    { name: 'none', customer: { addresses: [] }, expected: {} },
    {
      name: 'the mobile number where there is no phone',
      customer: { addresses: [{ id: 'f', country: 'US', mobile: '+1 2' }] },
      expected: { country: 'US', primaryPhone: '+1 2' },
    },
    {
      name: 'the mobile number where the phone is blank',
      customer: { addresses: [{ id: 'f', country: 'US', phone: '', mobile: '+1 2' }] },
      expected: { country: 'US', primaryPhone: '+1 2' },
    },
    {
      name: 'no phone where the address has neither',
      customer: { addresses: [{ id: 'f', country: 'US' }] },
      expected: { country: 'US' },
    },
  ];
  for (const { name, customer, expected } of cases) {
    const { fields, unusable } = await mapped(customer);
    t.strictSame(fields, { primaryEmail: BASE.email, ...expected }, name);
    t.strictSame(unusable, [], `${name}: nothing is unusable`);
  }
});

t.test('maps every field of the default mapping, and the id and version', async (t) => {
  const person = { title: 'Dr', firstName: 'Amba', lastName: 'Birkvale' };
  const more = {
    customerNumber: 'N1',
    externalId: 'X1',
    key: 'k-1',
    companyName: 'Birkvale Ltd',
    vatId: 'DE1',
    dateOfBirth: '1990-01-02',
    locale: 'en',
  };
  const result = await mapped({ ...person, ...more });
  t.equal(result.username, 'c-1');
  t.strictSame(result.fields, { ...person, primaryEmail: BASE.email });
  t.strictSame(result.attributes, {
    ...more,
    commercetoolsProject: 'project',
    commercetoolsId: 'c-1',
    commercetoolsVersion: 7,
  });
  t.equal(result.promotionOptIn, undefined);
});

t.test('evaluates the username by the mapping', async (t) => {
  const cases = [
    { username: '"web-" & key', expected: 'web-k-1' },
    { username: 'customerNumber', expected: 'N1' },
    { username: 'email', expected: BASE.email },
    { username: '"ct-" & id', expected: 'ct-c-1' },
    { username: 'externalId', expected: undefined },
    { username: 'addresses[0]', expected: undefined },
  ];
  for (const { username, expected } of cases)
    t.equal((await mapped({ key: 'k-1', customerNumber: 'N1' }, { username })).username, expected, username);
});

t.test('maps custom fields to attributes, as JSON that is equal when Fluent returns it', async (t) => {
  const custom = {
    type: { typeId: 'type', id: 't' },
    fields: { tier: 'gold', points: 12, vip: true, ratio: 1.5, sizes: ['S', 'M'], blank: '', nothing: null },
  };
  const attributes = {
    tier: 'custom.fields.tier',
    points: 'custom.fields.points',
    vip: 'custom.fields.vip',
    ratio: 'custom.fields.ratio',
    sizes: 'custom.fields.sizes',
    countries: 'addresses.country',
    built: '{"tier": custom.fields.tier, "sizes": custom.fields.sizes}',
    blank: 'custom.fields.blank',
    nothing: 'custom.fields.nothing',
    missing: 'custom.fields.missing',
  };
  const result = await mapped({ custom, addresses: [FIRST, BILLING] }, { attributes });
  const expected = {
    tier: 'gold',
    points: 12,
    vip: true,
    ratio: 1.5,
    sizes: ['S', 'M'],
    countries: ['US', 'AU'],
    built: { tier: 'gold', sizes: ['S', 'M'] },
    commercetoolsProject: 'project',
    commercetoolsId: 'c-1',
    commercetoolsVersion: 7,
  };
  t.strictSame(result.attributes, expected);
  t.strictSame(result.unusable, []);
});

t.test(
  'cuts values that are too long for Fluent, names them, and leaves no half surrogate pair',
  async (t) => {
    const face = '\u{1F600}';
    const cases = [
      { name: 'as long as may be', lastName: 'x'.repeat(50), expected: 'x'.repeat(50), cut: [] },
      { name: 'one too long', lastName: 'x'.repeat(51), expected: 'x'.repeat(50), cut: ['lastName'] },
      {
        name: 'a pair across the end',
        lastName: `${'x'.repeat(49)}${face}`,
        expected: 'x'.repeat(49),
        cut: ['lastName'],
      },
      {
        name: 'a pair just before the end',
        lastName: `${'x'.repeat(48)}${face}y`,
        expected: `${'x'.repeat(48)}${face}`,
        cut: ['lastName'],
      },
    ];
    for (const { name, lastName, expected, cut } of cases) {
      const result = await mapped({ lastName });
      t.equal(result.fields.lastName, expected, name);
      t.strictSame(result.cut, cut, name);
      t.ok(result.fields.lastName?.isWellFormed(), name);
    }
    const phone = await mapped({ addresses: [{ id: 'f', country: 'US', phone: '1'.repeat(21) }] });
    t.equal(phone.fields.primaryPhone, '1'.repeat(20));
    t.strictSame(phone.cut, ['primaryPhone']);
  },
);

t.test('does not cut or change an e-mail address that is too long, and names it', async (t) => {
  const result = await mapped({ email: `${'x'.repeat(250)}@example.com` });
  t.equal(result.fields.primaryEmail, undefined);
  t.strictSame(result.unusable, ['primaryEmail']);
  t.strictSame(result.cut, []);
});

t.test('does not change a field whose expression throws or has no text, and names it', async (t) => {
  const result = await mapped(
    { firstName: 'Amba', addresses: [FIRST, BILLING] },
    {
      title: '$error("no")',
      firstName: 'addresses[0]',
      lastName: 'addresses.country',
      country: '$uppercase',
      timezone: '$sum("x")',
      promotionOptIn: '"yes"',
      attributes: { broken: '$error("no")', aFunction: '$uppercase', aLambda: '{"f": function($x){$x}}' },
    },
  );
  t.strictSame(result.fields, { primaryEmail: BASE.email, primaryPhone: FIRST.phone });
  const expected = [
    ...['title', 'firstName', 'lastName', 'country', 'timezone'],
    ...['broken', 'aFunction', 'aLambda', 'promotionOptIn'],
  ];
  t.strictSame(result.unusable, expected);
  t.equal(result.promotionOptIn, undefined);
});

t.test('treats a definition that fails as not defined', async (t) => {
  const result = await mapped({ addresses: [FIRST] }, { define: { address: '$error("no")' } });
  t.strictSame(result.fields, { primaryEmail: BASE.email });
});

t.test('numbers and booleans become text in a text field', async (t) => {
  const result = await mapped({}, { title: 'version', firstName: 'isEmailVerified' });
  t.match(result.fields, { title: '7', firstName: 'true' });
});

t.test('consent is mapped to a boolean', async (t) => {
  for (const value of [true, false]) {
    const custom = { type: { typeId: 'type', id: 't' }, fields: { newsletter: value } };
    const { promotionOptIn } = await mapped(
      { custom },
      { promotionOptIn: 'custom.fields.newsletter = true' },
    );
    t.equal(promotionOptIn, value);
  }
});

t.test('never maps the password, by any expression', async (t) => {
  const result = await mapped(
    { password: '****hash=' },
    {
      define: { all: '[$]', address: 'addresses[0]' },
      lastName: '$all.password',
      country: '$lookup($$, "password")',
      attributes: { everything: '$', values: '*', deep: '**', text: '$string($)' },
    },
  );
  t.strictSame(result.fields, { primaryEmail: BASE.email });
  t.notMatch(JSON.stringify(result), /hash/);
  for (const title of ['password', '$$.password', '$.password'])
    t.match(Mapping.safeParse({ ...DEFAULT_MAPPING, title }).error?.issues, [
      { path: ['title'], params: { found: 'password' } },
    ]);
});
