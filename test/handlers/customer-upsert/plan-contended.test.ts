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
const theirs = copyOf(OTHER, { firstName: OTHER.id }, 5);
const taken = { kind: 'nothing', outcome: { kind: 'rejected', reason: 'username-taken' } };
const passedOn = { kind: 'nothing', outcome: { kind: 'done', reason: 'username-passed-on' } };

interface Case {
  name: string;
  given: Partial<Situation>;
  /** Whose data is written; undefined where only a claim is. */
  writes?: Owner | undefined;
  /** The claims that the write holds, exactly. */
  claims?: Record<string, string>;
  expected?: object;
}

const LIVING: Case[] = [
  {
    name: 'takes a record over that nobody owns',
    given: { record: { ...copyOf(ME), attributes: [] } },
    writes: ME,
    claims: { 'p.me': 'taken' },
    expected: { reason: 'updated' },
  },
  {
    name: 'takes a username over whose owner is gone, without that one’s consent',
    given: { record: copyOf(OTHER, { promotionOptIn: true }), standings: others(gone(OTHER)) },
    writes: ME,
    claims: { 'p.other': 'gone', 'p.me': 'taken' },
    expected: { reason: 'updated', input: { promotionOptIn: false } },
  },
  {
    name: 'takes a username over whose owner has another, and remembers from whom',
    given: { record: copyOf(OTHER), standings: others(left(OTHER)) },
    writes: ME,
    claims: { 'p.me': 'taken p.other' },
  },
  {
    name: 'waits for a username whose owner has the right to it',
    given: { record: theirs, standings: otherIsRightful },
    claims: { 'p.me': 'waiting' },
    expected: { reason: undefined },
  },
  {
    name: 'is rejected once it waits, without another write',
    given: { record: claimed(theirs, [ME, 'waiting']), standings: otherIsRightful },
    expected: { ...taken, outcome: { ...taken.outcome, detail: /customer other of project p/ } },
  },
  {
    name: 'is rejected where the owner belongs to a project that is not configured',
    given: { record: copyOf(THIRD), standings: others({ kind: 'foreign', owner: THIRD }) },
    expected: { ...taken, outcome: { ...taken.outcome, detail: /customer third of project q/ } },
  },
  {
    name: 'takes a username back that was given to it while it waited',
    given: { record: claimed(copyOf(ME), [ME, 'waiting']) },
    writes: ME,
    claims: { 'p.me': 'taken' },
  },
  {
    name: 'gives a username back that another living customer took before',
    given: { record: claimed(copyOf(ME), [ME, 'taken'], [OTHER, 'taken']), standings: otherIsRightful },
    writes: OTHER,
    claims: { 'p.me': 'waiting' },
  },
  {
    name: 'gives a username back to the owner that it was taken from, and that has come back',
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
    name: 'passes a username on that it gave to one that had given way',
    given: {
      record: claimed(theirs, [OTHER, 'waiting'], [THIRD, 'taken']),
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
      record: claimed({ ...theirs, title: 'Dr.' }, [ME, 'waiting']),
      standings: otherIsRightful,
    },
    writes: OTHER,
    claims: { 'p.me': 'waiting' },
    expected: { input: { title: '' } },
  },
  {
    name: 'gives way to one that took the username from an owner that is gone before',
    given: {
      record: claimed(copyOf(OTHER), [THIRD, 'taken']),
      standings: others(gone(OTHER), await rightful(THIRD)),
    },
    writes: THIRD,
    claims: { 'p.me': 'waiting' },
  },
  {
    name: 'keeps a username whose former owner has come back and waits',
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
    name: 'anonymises what a run that crashed wrote of another deleted customer',
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
      record: claimed(theirs, [ME, 'gone']),
      standings: otherIsRightful,
      onDelete: 'anonymise',
    },
    expected: passedOn,
  },
  {
    name: 'does not trust a look-up that shows nothing: a claim tells',
    given: { onDelete: 'anonymise' },
    claims: { 'p.me': 'gone' },
  },
  {
    name: 'writes nothing for one that never was in Fluent',
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
    name: 'gives the username of a deleted customer to the one that waits for it',
    given: { record: claimed(copyOf(ME), [OTHER, 'waiting']), standings: otherIsRightful },
    writes: OTHER,
    claims: { 'p.me': 'gone' },
  },
  {
    name: 'gives a username that it has left to the one that waits for it',
    given: {
      record: claimed(copyOf(ME), [OTHER, 'waiting']),
      standings: otherIsRightful,
      absence: 'left',
    },
    writes: OTHER,
    claims: { 'p.me': 'left' },
  },
  {
    name: 'gives it to the first of those that wait, always the same',
    given: {
      record: claimed(copyOf(ME), [THIRD, 'waiting'], [OTHER, 'waiting']),
      standings: twoAreRightful,
      absence: 'left',
    },
    writes: OTHER,
    claims: { 'p.me': 'left' },
  },
  {
    name: 'leaves a username that it has left and nobody waits for',
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
    name: 'gives a username on that its owner has left as well',
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
