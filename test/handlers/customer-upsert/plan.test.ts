import t from 'tap';
import { type Plan, plan, type Situation } from '../../../handlers/customer-upsert/plan.ts';
import { requireUsername } from '../../../handlers/customer-upsert/writes.ts';
import type { FluentCustomer, Outcome } from '../../../src/handler.ts';
import { outcomeOf } from '../../../src/outcome.ts';
import {
  attributesOf,
  CUSTOMER,
  copyOf,
  desiredFor,
  inputOf,
  type MappingChanges,
  ME,
  situation,
} from './situation.ts';

const LONG = '$join([1..250].("x"))';

t.test('creates a customer with its values, without fields that have no value', async (t) => {
  const created = plan(situation({ desired: await desiredFor({ customerNumber: 'N1' }) }));
  t.match(created, { kind: 'create', copy: { owner: ME, version: 3 } });
  t.strictSame(inputOf(created), {
    username: 'u',
    firstName: 'Amba',
    lastName: 'Birkvale',
    primaryEmail: 'amba@example.com',
    primaryPhone: '+49 1',
    country: 'DE',
    promotionOptIn: false,
    attributes: [
      { name: 'customerNumber', type: 'STRING', value: 'N1' },
      { name: 'key', type: 'STRING', value: 'k-1' },
      { name: 'commercetoolsId', type: 'STRING', value: 'me' },
      { name: 'commercetoolsProject', type: 'STRING', value: 'p' },
      { name: 'commercetoolsVersion', type: 'INTEGER', value: 3 },
    ],
    retailer: { id: '7' },
  });
});

const UNCHANGED: Plan = { kind: 'nothing', outcome: { kind: 'done', reason: 'unchanged' } };

const CASES: {
  name: string;
  customer?: Partial<typeof CUSTOMER>;
  mapping?: MappingChanges;
  record: FluentCustomer;
  given?: Partial<Situation>;
  expected: object;
  /** What the update must not hold. */
  without?: readonly string[];
}[] = [
  { name: 'writes nothing where nothing differs', record: copyOf(ME), expected: UNCHANGED },
  {
    name: 'writes every mapped field where one differs, and names that one',
    record: copyOf(ME, { primaryEmail: 'old@example.com' }, 2),
    expected: {
      kind: 'update',
      reason: 'updated',
      differing: ['primaryEmail', 'attributes.commercetoolsVersion'],
      copy: { owner: ME, version: 3 },
      input: { username: 'u', firstName: 'Amba', primaryEmail: 'amba@example.com', country: 'DE' },
    },
  },
  {
    name: 'writes again if a stale look-up returns less than was written',
    record: copyOf(ME),
    given: { freshness: 'stale' },
    expected: { kind: 'update', differing: [] },
  },
  {
    name: 'does not compare all fields after its own write',
    record: copyOf(ME, { firstName: 'AMBA' }),
    given: { freshness: 'written', copy: { owner: ME, version: 3 } },
    expected: UNCHANGED,
  },
  {
    name: 'blanks fields that the look-up before the write did not return',
    record: copyOf(ME, { title: 'Dr.' }),
    given: { freshness: 'written', copy: { owner: ME, version: 3 } },
    expected: { kind: 'update', input: { title: '' } },
  },
  {
    name: 'and writes the version that came meanwhile',
    record: copyOf(ME, {}, 2),
    given: { freshness: 'written', copy: { owner: ME, version: 2 } },
    expected: { kind: 'update', copy: { version: 3 } },
  },
  {
    name: 'blanks fields that commercetools no longer has',
    customer: { addresses: [{ id: 'home', country: 'DE' }] },
    record: copyOf(ME, { attributes: [{ name: 'companyName', type: 'STRING', value: 'Birkvale Ltd' }] }),
    expected: {
      kind: 'update',
      differing: ['primaryPhone', 'attributes.companyName'],
      input: {
        primaryPhone: '',
        country: 'DE',
        attributes: [{ name: 'key' }, { name: 'companyName', type: 'STRING', value: '' }],
      },
    },
    without: ['title'],
  },
  {
    name: 'blanks it once',
    customer: { addresses: [{ id: 'home', country: 'DE' }] },
    record: copyOf(ME, {
      primaryPhone: '',
      attributes: [{ name: 'companyName', type: 'STRING', value: '' }],
    }),
    expected: UNCHANGED,
  },
  {
    name: 'leaves consent alone unless it is mapped',
    record: copyOf(ME, { firstName: 'Old', promotionOptIn: true }),
    expected: { kind: 'update', differing: ['firstName'] },
    without: ['promotionOptIn'],
  },
  {
    name: 'withdraws consent if the mapping says so',
    mapping: { promotionOptIn: 'firstName = "Corva"' },
    record: copyOf(ME, { promotionOptIn: true }),
    expected: { kind: 'update', differing: ['promotionOptIn'], input: { promotionOptIn: false } },
  },
  {
    name: 'sets consent if the mapping says so',
    mapping: { promotionOptIn: 'firstName = "Amba"' },
    record: copyOf(ME),
    expected: { kind: 'update', differing: ['promotionOptIn'], input: { promotionOptIn: true } },
  },
  {
    name: 'keeps the e-mail address in Fluent if the mapping has none',
    mapping: { primaryEmail: 'externalId' },
    record: copyOf(ME),
    expected: UNCHANGED,
  },
  {
    name: 'and when it writes something else',
    mapping: { primaryEmail: 'externalId' },
    record: copyOf(ME, { firstName: 'Old' }),
    expected: { kind: 'update', differing: ['firstName'], input: { firstName: 'Amba' } },
    without: ['primaryEmail'],
  },
  {
    name: 'does not change fields without a usable value',
    mapping: { title: '$error("no")' },
    record: copyOf(ME, { title: 'Dr.', firstName: 'Old' }),
    expected: { kind: 'update', differing: ['firstName'] },
    without: ['title'],
  },
  {
    name: "counts a customer written before projects were kept as the own project's",
    record: {
      ...copyOf(ME),
      attributes: (copyOf(ME).attributes ?? []).filter(({ name }) => name !== 'commercetoolsProject'),
    },
    expected: { kind: 'update', reason: 'updated', differing: ['attributes.commercetoolsProject'] },
    without: ['commercetoolsClaim.p.me'],
  },
];

for (const { name, customer, mapping, record, given, expected, without = [] } of CASES)
  t.test(name, async (t) => {
    const planned = plan(situation({ desired: await desiredFor(customer, mapping), record, ...given }));
    t.match(planned, expected);
    if (planned.kind === 'nothing') return;
    const written = { ...planned.input, ...attributesOf(planned.input) };
    for (const field of without) t.notOk(field in written, `leaves ${field} alone`);
  });

t.test('writes nothing the second time, for every type of attribute', async (t) => {
  const attributes = {
    text: 'firstName',
    count: '$count(addresses)',
    ratio: '1 / 4',
    verified: 'isEmailVerified',
    countries: 'addresses.country',
    phones: 'addresses.phone[]',
    object: '{"name": {"first": firstName}, "countries": addresses.country}',
    grouped: 'addresses{country: phone}',
    missing: 'custom.fields.missing',
    blank: '""',
  };
  const addresses = [...CUSTOMER.addresses, { id: 'work', country: 'AU' }];
  const desired = await desiredFor({ addresses }, { attributes });
  const created = inputOf(plan(situation({ desired })));
  t.strictSame(Object.fromEntries((created.attributes ?? []).map(({ name, type }) => [name, type])), {
    text: 'STRING',
    count: 'INTEGER',
    ratio: 'JSON',
    verified: 'BOOLEAN',
    countries: 'JSON',
    phones: 'JSON',
    object: 'JSON',
    grouped: 'JSON',
    commercetoolsId: 'STRING',
    commercetoolsProject: 'STRING',
    commercetoolsVersion: 'INTEGER',
  });
  // As Fluent gives it back.
  const record: FluentCustomer = JSON.parse(JSON.stringify(created));
  t.strictSame(plan(situation({ desired, record })), UNCHANGED);
});

const REJECTIONS: { mapping: MappingChanges; reason: string }[] = [
  { mapping: { username: 'externalId' }, reason: 'no-username' },
  { mapping: { username: 'addresses[0]' }, reason: 'no-username' },
  { mapping: { username: `${LONG} & id` }, reason: 'username-too-long' },
  { mapping: { primaryEmail: 'externalId' }, reason: 'no-email' },
  { mapping: { primaryEmail: `${LONG} & email` }, reason: 'no-email' },
  { mapping: { primaryEmail: '$error("no")' }, reason: 'no-email' },
];

for (const { mapping, reason } of REJECTIONS)
  t.test(
    `rejects customers that Fluent can never accept: ${reason} with ${JSON.stringify(mapping)}`,
    async (t) => {
      const desired = await desiredFor({}, mapping);
      let rejected: Outcome | undefined;
      try {
        plan(situation({ desired, username: requireUsername(desired) }));
      } catch (error) {
        rejected = outcomeOf(error);
      }
      t.match(rejected, { kind: 'rejected', reason });
    },
  );
