import t, { type Test } from 'tap';
import type { Standing } from '../../../handlers/customer-upsert/contenders.ts';
import { plan, type Situation } from '../../../handlers/customer-upsert/plan.ts';
import { keyOf, type Owner } from '../../../handlers/customer-upsert/record.ts';
import {
  attributesOf,
  CUSTOMER,
  claimed,
  claimsIn,
  copyOf,
  desiredFor,
  ME,
  OTHER,
  situation,
  THIRD,
} from './situation.ts';

const mine = await desiredFor();

async function rightful(owner: Owner, version = 5): Promise<Standing> {
  const customer = { ...CUSTOMER, id: owner.id, version, firstName: owner.id };
  return { kind: 'rightful', owner, customer, desired: await desiredFor(customer, {}, owner.project) };
}
const others = (...standings: readonly Standing[]) =>
  new Map(standings.map((standing) => [keyOf(standing.owner), standing]));
const left = (owner: Owner): Standing => ({ kind: 'left', owner });
const gone = (owner: Owner): Standing => ({ kind: 'gone', owner });

const otherIsRightful = others(await rightful(OTHER));
const twoAreRightful = others(await rightful(OTHER), await rightful(THIRD));
const otherCopy = copyOf(OTHER, { firstName: OTHER.id }, 5);
const taken = { kind: 'nothing', outcome: { kind: 'rejected', reason: 'username-taken' } };
const passedOn = { kind: 'nothing', outcome: { kind: 'done', reason: 'username-passed-on' } };

interface Case {
  name: string;
  given: Partial<Situation>;
  /** The owner of the written data; undefined if only a claim is written. */
  writes?: Owner | undefined;
  /** The exact claims in the write. */
  claims?: Record<string, string>;
  expected?: object;
}

const LIVING: Case[] = [
  {
    name: 'takes over a record without an owner',
    given: { record: { ...copyOf(ME), attributes: [] } },
    writes: ME,
    claims: { 'p.me': 'taken' },
    expected: { reason: 'updated' },
  },
  {
    name: 'takes over a username of a deleted owner, without its consent',
    given: { record: copyOf(OTHER, { promotionOptIn: true }), standings: others(gone(OTHER)) },
    writes: ME,
    claims: { 'p.other': 'gone', 'p.me': 'taken' },
    expected: { reason: 'updated', input: { promotionOptIn: false } },
  },
  {
    name: 'takes over a username whose owner has changed to another, and records the former owner',
    given: { record: copyOf(OTHER), standings: others(left(OTHER)) },
    writes: ME,
    claims: { 'p.me': 'taken p.other' },
  },
  {
    name: 'waits for a username whose owner has the right to it',
    given: { record: otherCopy, standings: otherIsRightful },
    claims: { 'p.me': 'waiting' },
    expected: { reason: undefined },
  },
  {
    name: 'is rejected once it waits, without another write',
    given: { record: claimed(otherCopy, [ME, 'waiting']), standings: otherIsRightful },
    expected: { ...taken, outcome: { ...taken.outcome, detail: /customer other of project p/ } },
  },
  {
    name: 'is rejected where the owner belongs to a project that is not configured',
    given: { record: copyOf(THIRD), standings: others({ kind: 'foreign', owner: THIRD }) },
    expected: { ...taken, outcome: { ...taken.outcome, detail: /customer third of project q/ } },
  },
  {
    name: 'takes back a username that was passed on to it while it waited',
    given: { record: claimed(copyOf(ME), [ME, 'waiting']) },
    writes: ME,
    claims: { 'p.me': 'taken' },
  },
  {
    name: 'returns a username that another living customer took before',
    given: { record: claimed(copyOf(ME), [ME, 'taken'], [OTHER, 'taken']), standings: otherIsRightful },
    writes: OTHER,
    claims: { 'p.me': 'waiting' },
  },
  {
    name: 'returns a username to the owner that it was taken from, and that has changed back',
    given: {
      record: claimed(copyOf(ME), [ME, 'waiting'], [THIRD, 'taken', OTHER]),
      standings: otherIsRightful,
    },
    writes: OTHER,
    claims: { 'p.me': 'waiting' },
  },
  {
    name: 'writes the owner again that its own write set back',
    given: {
      record: claimed(copyOf(OTHER, { firstName: 'Older' }, 4), [ME, 'waiting']),
      standings: otherIsRightful,
      freshness: 'written',
      copy: { owner: OTHER, version: 4 },
    },
    writes: OTHER,
    claims: { 'p.me': 'waiting' },
    expected: { copy: { owner: OTHER, version: 5 } },
  },
  {
    name: 'passes on a username that it passed to a customer that had passed it on before',
    given: {
      record: claimed(otherCopy, [OTHER, 'waiting'], [THIRD, 'taken']),
      standings: twoAreRightful,
    },
    writes: THIRD,
    claims: { 'p.me': 'waiting' },
  },
  {
    name: 'leaves an owner alone that is behind by no fault of this customer',
    given: { record: copyOf(OTHER, {}, 4), standings: otherIsRightful },
    claims: { 'p.me': 'waiting' },
  },
  {
    name: 'writes the owner again in whose copy something of this customer is left',
    given: {
      record: claimed({ ...otherCopy, title: 'Dr.' }, [ME, 'waiting']),
      standings: otherIsRightful,
    },
    writes: OTHER,
    claims: { 'p.me': 'waiting' },
    expected: { input: { title: '' } },
  },
  {
    name: 'passes the username to the customer that took it from a deleted owner before',
    given: {
      record: claimed(copyOf(OTHER), [THIRD, 'taken']),
      standings: others(gone(OTHER), await rightful(THIRD)),
    },
    writes: THIRD,
    claims: { 'p.me': 'waiting' },
  },
  {
    name: 'keeps a username whose former owner has changed back and waits',
    given: {
      record: claimed(copyOf(ME), [ME, 'waiting'], [THIRD, 'taken', OTHER], [OTHER, 'waiting']),
      standings: others(await rightful(OTHER), gone(THIRD)),
    },
    writes: ME,
    claims: { 'q.third': 'gone', 'p.me': 'taken' },
  },
];

for (const { name, given, ...wanted } of LIVING)
  t.test(name, (t) => check(t, { desired: mine, ...given }, wanted));

const ignored = { kind: 'nothing', outcome: { kind: 'ignored', reason: 'customer-gone' } };

const ABSENT: Case[] = [
  {
    name: 'leaves the record of a deleted customer as it is with onDelete: ignore',
    given: { record: copyOf(ME), isContended: false },
    expected: ignored,
  },
  {
    name: 'claims to be gone where another customer may have the username',
    given: { record: copyOf(ME) },
    claims: { 'p.me': 'gone' },
  },
  {
    name: 'claims it once',
    given: { record: claimed(copyOf(ME), [ME, 'gone']) },
    expected: ignored,
  },
  {
    name: 'anonymises the record of a deleted customer with onDelete: anonymise',
    given: { record: copyOf(ME), onDelete: 'anonymise', deletedVersion: 9 },
    expected: {
      kind: 'update',
      reason: 'anonymised',
      input: {
        firstName: '',
        primaryPhone: '',
        primaryEmail: 'deleted-me@anonymised.invalid',
        attributes: [
          { name: 'key', value: '' },
          { name: 'commercetoolsId', value: 'me' },
          { name: 'commercetoolsProject', value: 'p' },
          { name: 'commercetoolsVersion', value: 9 },
        ],
      },
    },
  },
  {
    name: 'anonymises data of another deleted customer that a crashed run wrote',
    given: {
      record: copyOf(OTHER),
      standings: others(gone(OTHER)),
      onDelete: 'anonymise',
      deletedVersion: 9,
    },
    expected: {
      reason: 'anonymised',
      input: {
        primaryEmail: 'deleted-other@anonymised.invalid',
        attributes: [
          { name: 'key', value: '' },
          { name: 'commercetoolsId', value: 'other' },
          { name: 'commercetoolsProject', value: 'p' },
          // The event tells the version of this customer, not of that one.
          { name: 'commercetoolsVersion', value: 3 },
        ],
      },
    },
  },
  {
    name: 'does not anonymise the living one that took the username over',
    given: {
      record: claimed(otherCopy, [ME, 'gone']),
      standings: otherIsRightful,
      onDelete: 'anonymise',
    },
    expected: passedOn,
  },
  {
    name: 'does not rely on a look-up without a result, and writes a claim',
    given: { onDelete: 'anonymise' },
    claims: { 'p.me': 'gone' },
  },
  {
    name: 'writes nothing for a customer that was never in Fluent',
    given: { onDelete: 'anonymise', freshness: 'written' },
    expected: { kind: 'nothing', outcome: { kind: 'done', reason: 'never-in-fluent' } },
  },
  {
    name: 'leaves a username of a project that is not configured',
    given: {
      record: copyOf(THIRD),
      standings: others({ kind: 'foreign', owner: THIRD }),
      onDelete: 'anonymise',
    },
    expected: passedOn,
  },
  {
    name: 'passes the username of a deleted customer on to the one that waits for it',
    given: { record: claimed(copyOf(ME), [OTHER, 'waiting']), standings: otherIsRightful },
    writes: OTHER,
    claims: { 'p.me': 'gone' },
  },
  {
    name: 'passes its former username on to the customer that waits for it',
    given: {
      record: claimed(copyOf(ME), [OTHER, 'waiting']),
      standings: otherIsRightful,
      absence: 'left',
    },
    writes: OTHER,
    claims: { 'p.me': 'left' },
  },
  {
    name: 'passes it on to the first of those that wait, always the same',
    given: {
      record: claimed(copyOf(ME), [THIRD, 'waiting'], [OTHER, 'waiting']),
      standings: twoAreRightful,
      absence: 'left',
    },
    writes: OTHER,
    claims: { 'p.me': 'left' },
  },
  {
    name: 'does not change a former username that no customer waits for',
    given: { record: copyOf(ME), absence: 'left' },
    expected: passedOn,
  },
  {
    name: 'writes the living one again that a late write of the deleted one set back',
    given: {
      record: claimed(copyOf(OTHER, { firstName: 'Older' }, 4), [ME, 'gone']),
      standings: otherIsRightful,
    },
    writes: OTHER,
    claims: { 'p.me': 'gone' },
  },
  {
    name: 'passes on a username that its owner has left as well',
    given: {
      record: claimed(copyOf(OTHER), [THIRD, 'waiting']),
      standings: others(left(OTHER), await rightful(THIRD)),
      absence: 'left',
    },
    writes: THIRD,
    claims: { 'p.me': 'left' },
  },
  {
    name: 'anonymises once',
    given: {
      record: copyOf(ME, {
        ...{ firstName: '', lastName: '', primaryPhone: '', primaryEmail: 'deleted-me@anonymised.invalid' },
        attributes: [{ name: 'key', type: 'STRING', value: '' }],
      }),
      onDelete: 'anonymise',
    },
    expected: { kind: 'nothing', outcome: { kind: 'done', reason: 'unchanged' } },
  },
];

for (const { name, given, ...wanted } of ABSENT) t.test(name, (t) => check(t, given, wanted));

async function check(
  t: Test,
  given: Partial<Situation>,
  { writes, claims, expected = {} }: Omit<Case, 'name' | 'given'>,
): Promise<void> {
  const planned = plan(situation(given));
  t.match(planned, expected);
  if (!claims) return;
  if (planned.kind !== 'update') throw new Error(`Expected an update, got ${planned.kind}.`);
  t.strictSame(claimsIn(planned.input), claims);
  const { commercetoolsId, commercetoolsProject } = attributesOf(planned.input);
  t.strictSame(
    [commercetoolsProject, commercetoolsId],
    [writes?.project, writes?.id],
    'whose data is written',
  );
  if (writes) t.match(planned.copy, { owner: writes });
}
