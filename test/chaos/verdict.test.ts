import type { Customer } from '@commercetools/platform-sdk';
import t from 'tap';
import type { StoredCustomer } from '../sandbox/fluent.ts';
import { expectedOf } from './expected.ts';
import type { Life } from './lives.ts';
import { type Evidence, judge } from './verdict.ts';

const PROJECT = 'sandbox-project';
const ID = '7d0f0a52-3f0e-4a7e-9d6c-000000000001';
const AT = '2026-01-01T00:00:00.000Z';

const customer: Customer = {
  id: ID,
  version: 4,
  createdAt: AT,
  lastModifiedAt: AT,
  email: 'pii@example.com',
  firstName: 'pii-first',
  addresses: [
    { id: 'one', country: 'DE', phone: '+99 1' },
    { id: 'two', country: 'NL', mobile: '+99 2' },
  ],
  defaultBillingAddressId: 'two',
  isEmailVerified: false,
  stores: [],
  shippingAddressIds: [],
  billingAddressIds: [],
  customerGroupAssignments: [],
  authenticationMode: 'ExternalAuth',
  customerNumber: 'C1',
};

const held: StoredCustomer = {
  id: '1',
  ref: ID,
  username: ID,
  status: 'ACTIVE',
  createdOn: AT,
  updatedOn: AT,
  firstName: 'pii-first',
  lastName: '',
  primaryEmail: 'pii@example.com',
  primaryPhone: '+99 2',
  country: 'NL',
  promotionOptIn: false,
  retailer: { id: '1' },
  attributes: [
    { name: 'customerNumber', type: 'STRING', value: 'C1' },
    { name: 'companyName', type: 'STRING', value: '' },
    { name: 'commercetoolsId', type: 'STRING', value: ID },
    { name: 'commercetoolsProject', type: 'STRING', value: PROJECT },
    { name: 'commercetoolsVersion', type: 'INTEGER', value: 4 },
  ],
};

const letter = {
  data: '{',
  attributes: { poison: 'poison-0', reason: 'undecodable', messageId: '2', deadLetteredAt: AT },
};

const life: Life = { projectKey: PROJECT, account: 0, customer, deleted: false, usernames: [ID] };

/** Another customer that has, or had, the same username. */
function rival(id: string, change: Partial<Life> = {}): Life {
  return { ...life, customer: { ...customer, id }, ...change };
}

const good: Evidence = {
  lives: [life],
  onDelete: 'anonymise',
  deletionTells: true,
  fluent: [new Map([[ID, held]])],
  published: new Set(['1', '2']),
  acknowledged: new Set(['1', '2']),
  poison: [{ data: '{', reason: 'undecodable', mark: 'poison-0' }],
  deadLetters: [letter, letter],
};

function withHeld(change: Partial<StoredCustomer>): Evidence {
  return { ...good, fluent: [new Map([[ID, { ...held, ...change }]])] };
}

function withAttribute(name: string, value: unknown): Evidence {
  const others = held.attributes.filter((one) => one.name !== name);
  return withHeld({ attributes: [...others, { name, type: 'STRING', value }] });
}

t.test('a verdict', async (t) => {
  const cases: { name: string; evidence: Evidence; expected: [number, number, number]; says?: RegExp }[] = [
    { name: 'finds nothing where nothing is', evidence: good, expected: [0, 0, 0] },
    {
      name: 'accepts a deleted customer if the route does not include deletions',
      evidence: { ...good, lives: [{ ...life, deleted: true }], onDelete: undefined },
      expected: [0, 0, 0],
    },
    {
      name: 'finds a customer that Fluent does not have lost',
      evidence: { ...good, fluent: [new Map()] },
      expected: [1, 0, 0],
      says: /lost: customer 7d0f/,
    },
    {
      name: 'finds a message lost that was neither acknowledged nor dead-lettered',
      evidence: { ...good, acknowledged: new Set(['2']) },
      expected: [1, 0, 0],
      says: /lost: message 1/,
    },
    {
      name: 'takes a dead letter for the end of its message',
      evidence: { ...good, acknowledged: new Set(['1']) },
      expected: [0, 0, 0],
    },
    {
      name: 'finds poison without a dead letter lost',
      evidence: { ...good, deadLetters: [] },
      expected: [1, 0, 0],
      says: /poison-0 \(undecodable\) has no dead letter/,
    },
    {
      name: 'finds an older version stale',
      evidence: withAttribute('commercetoolsVersion', 3),
      expected: [0, 1, 0],
      says: /is at 3, commercetools at 4/,
    },
    {
      name: 'finds a customer without a version stale',
      evidence: withAttribute('commercetoolsVersion', undefined),
      expected: [0, 1, 0],
    },
    {
      name: 'finds a newer version than there is wrong',
      evidence: withAttribute('commercetoolsVersion', 5),
      expected: [0, 0, 1],
    },
    {
      name: 'finds another value wrong, and names the field only',
      evidence: withHeld({ firstName: 'pii-other' }),
      expected: [0, 0, 1],
      says: /: firstName$/,
    },
    {
      name: 'finds a field wrong that should have been blanked',
      evidence: withHeld({ title: 'pii-title' }),
      expected: [0, 0, 1],
      says: /title \(should be blank\)/,
    },
    {
      name: 'finds a blank wrong where there should be a value',
      evidence: withHeld({ primaryPhone: '' }),
      expected: [0, 0, 1],
      says: /primaryPhone \(is blank\)/,
    },
    {
      name: 'finds an attribute wrong',
      evidence: withAttribute('companyName', 'pii-company'),
      expected: [0, 0, 1],
      says: /attributes.companyName/,
    },
    {
      name: 'finds an attribute wrong that nobody has mapped',
      evidence: withAttribute('surprise', 'x'),
      expected: [0, 0, 1],
    },
    {
      name: 'finds assumed consent wrong',
      evidence: withHeld({ promotionOptIn: true }),
      expected: [0, 0, 1],
    },
    {
      name: 'finds a dead letter wrong that was no poison',
      evidence: { ...good, deadLetters: [letter, { data: '{}', attributes: { reason: 'no-email' } }] },
      expected: [0, 0, 1],
      says: /a dead letter that was no poison \(no-email/,
    },
    {
      name: 'finds a dead letter wrong that says another reason, and the poison lost',
      evidence: {
        ...good,
        deadLetters: [{ ...letter, attributes: { ...letter.attributes, reason: 'no-account' } }],
      },
      expected: [1, 0, 1],
    },
  ];
  for (const { name, evidence, expected, says } of cases)
    t.test(name, async (t) => {
      const { lost, stale, wrong, faults } = judge(evidence);
      t.same([lost, stale, wrong], expected);
      t.equal(faults.length, lost + stale + wrong);
      if (says) t.match(faults.join('\n'), says);
      t.notMatch(faults.join('\n'), /pii|\+99/);
    });
});

t.test('a verdict on usernames', async (t) => {
  const { firstName: _, ...nameless } = held;
  const blank = {
    ...nameless,
    primaryPhone: '',
    primaryEmail: `deleted-${ID}@anonymised.invalid`,
    attributes: [
      { name: 'customerNumber', type: 'STRING', value: '' },
      { name: 'commercetoolsId', type: 'STRING', value: ID },
    ],
  };
  const taken = (id: string) => ({
    data: '{}',
    attributes: { reason: 'username-taken', resource: `customer/${id}` },
  });
  const gone = { ...life, deleted: true };
  const cases: {
    name: string;
    evidence: Partial<Evidence>;
    overwritten?: number;
    left?: number;
    wrong?: number;
  }[] = [
    { name: 'ignores the notes of the service', evidence: withAttribute('commercetoolsClaim.p.x', 'gone') },
    {
      name: 'finds a living customer overwritten',
      evidence: { lives: [gone, rival('b')] },
      overwritten: 1,
      left: 1,
    },
    { name: 'finds the data of a deleted one left', evidence: { lives: [gone] }, left: 1 },
    { name: 'is content with what is blank', evidence: { lives: [gone], fluent: [new Map([[ID, blank]])] } },
    {
      name: 'finds a field left that is not blank',
      evidence: { lives: [gone], fluent: [new Map([[ID, { ...blank, title: 'pii' }]])] },
      left: 1,
    },
    {
      name: 'finds a living customer blanked by the deletion of another',
      evidence: { lives: [gone, rival('b')], fluent: [new Map([[ID, blank]])] },
      overwritten: 1,
    },
    {
      name: 'requires one of several living customers, and the rejection of each other one',
      evidence: { lives: [life, rival('b'), rival('c')], deadLetters: [letter, letter, taken('b')] },
      overwritten: 1,
    },
    {
      name: 'accepts that each other one was rejected',
      evidence: { lives: [life, rival('b')], deadLetters: [letter, letter, taken('b')] },
    },
    {
      name: 'requires the rejected customer after the deletion of the owner',
      evidence: { lives: [gone, rival('b')], deadLetters: [letter, letter, taken('b')] },
      overwritten: 1,
      left: 1,
    },
    {
      name: 'does not require it if the deletion event does not contain the username',
      evidence: {
        lives: [gone, rival('b')],
        deadLetters: [letter, letter, taken('b')],
        onDelete: 'ignore',
        deletionTells: false,
      },
    },
    {
      name: 'does not want that of one that the other left by a change',
      evidence: {
        lives: [{ ...life, usernames: [ID, 'new'] }, rival('b')],
        fluent: [
          new Map([
            [ID, held],
            ['new', { ...held, username: 'new' }],
          ]),
        ],
        deadLetters: [letter, letter, taken('b')],
      },
    },
    {
      name: 'reports a rejection for a username that was never shared',
      evidence: { deadLetters: [letter, letter, taken(ID)] },
      wrong: 1,
    },
  ];
  for (const { name, evidence, overwritten = 0, left = 0, wrong = 0 } of cases)
    t.test(name, async (t) => {
      const verdict = judge({ ...good, ...evidence });
      t.same(
        [verdict.lost, verdict.stale, verdict.wrong, verdict.overwritten, verdict.left],
        [0, 0, wrong, overwritten, left],
        verdict.faults.join('; '),
      );
    });
});

t.test('expects the address that the mapping chooses', async (t) => {
  const phone = (change: Partial<Customer>) =>
    expectedOf({ ...customer, ...change }, ID, PROJECT)['primaryPhone'];
  t.equal(phone({}), '+99 2', 'the default billing address');
  t.equal(phone({ defaultShippingAddressId: 'one' }), '+99 1', 'the default shipping address before it');
  t.equal(phone({ defaultShippingAddressId: 'gone' }), '+99 2', 'one that is gone does not count');
  t.equal(phone({ defaultBillingAddressId: 'gone' }), '+99 1', 'else the first');
  t.equal(phone({ addresses: [] }), '', 'else none');
});
