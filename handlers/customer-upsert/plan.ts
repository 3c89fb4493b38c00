import type { CreateCustomerInput, FluentCustomer, Outcome, UpdateCustomerInput } from '../../src/handler.ts';
import { anonymisation } from './anonymise.ts';
import type { Standing, Standings } from './contenders.ts';
import { createFor } from './create.ts';
import { differingFields, hasStaleFields, updateFor } from './difference.ts';
import type { Desired } from './map.ts';
import { type Claim, claimAttribute, claimsOn, keyOf, type Owner, ownerOf } from './record.ts';

/** A customer that was written, and in which version. */
export interface Copy {
  readonly owner: Owner;
  readonly version: number;
}

/** All that a decision is made from; nothing else is read, and nothing is written. */
export interface Situation {
  readonly me: Owner;
  readonly username: string;
  /** What the customer should be in Fluent; undefined when it no longer exists in commercetools. */
  readonly desired: Desired | undefined;
  /** The Fluent customer of that username. */
  readonly record: FluentCustomer | undefined;
  /** `written`: the record is the answer to a write, the one read that cannot lag. `stale`: it shows less than was written. */
  readonly freshness: 'written' | 'looked-up' | 'stale';
  readonly standings: Standings;
  /** The copy that this run wrote last. */
  readonly copy: Copy | undefined;
  /** The version that a deletion event tells of; 0 when unknown. */
  readonly deletedVersion: number;
  readonly onDelete: 'ignore' | 'anonymise';
  readonly mappedAttributes: readonly string[];
  readonly retailerId: string;
}

/** What has to be done next: nothing any more, with the outcome, or one write. */
export type Plan =
  | { readonly kind: 'nothing'; readonly outcome: Outcome }
  | { readonly kind: 'create'; readonly input: CreateCustomerInput; readonly copy: Copy }
  | {
      readonly kind: 'update';
      readonly input: UpdateCustomerInput;
      /** The outcome's reason, where this is what the run was for. */
      readonly reason: 'updated' | 'anonymised' | undefined;
      /** Names of the fields that differ. */
      readonly differing: readonly string[];
      /** Whose copy Fluent's customer is afterwards; undefined when the write says nothing of it. */
      readonly copy: Copy | undefined;
    };

type Rightful = Extract<Standing, { kind: 'rightful' }>;

/**
 * Says what a customer needs in Fluent. Pure. `converge` says why it converges.
 *
 * Throws `Rejection` where the customer cannot be created.
 */
export function plan(situation: Situation): Plan {
  return situation.desired ? planLiving(situation, situation.desired) : planGone(situation);
}

function planLiving(situation: Situation, desired: Desired): Plan {
  const { me, username, record, standings, retailerId } = situation;
  if (!record)
    return {
      kind: 'create',
      input: createFor(username, desired, retailerId),
      copy: { owner: me, version: desired.version },
    };
  const owner = ownerOf(record, me.project);
  const standing = owner && standings.get(keyOf(owner));
  const [earlier] = rightfulOf(situation, 'taken').filter((other) => other !== standing);
  // A record that is mine, and that another living customer has taken: my write came later than that, so it is given back.
  if (!standing) return earlier ? give(situation, earlier, 'waiting') : keep(situation, desired);
  const mine = claimsOn(record).get(keyOf(me))?.claim;
  switch (standing.kind) {
    case 'foreign':
      return taken(situation, standing);
    case 'rightful':
      // I had taken it before, and was overwritten since.
      if (mine === 'taken') return takeOver(situation, desired);
      if (isOutdated(situation.copy, standing)) return give(situation, standing, 'waiting');
      return mine === 'waiting' ? taken(situation, standing) : claim(situation, 'waiting');
    default:
      return earlier ? give(situation, earlier, 'waiting') : takeOver(situation, desired);
  }
}

function planGone(situation: Situation): Plan {
  const { me, username, record, standings, freshness, copy, onDelete, mappedAttributes, deletedVersion } =
    situation;
  const owner = ownerOf(record, me.project);
  const standing = owner && standings.get(keyOf(owner));
  const isMine = owner !== undefined && keyOf(owner) === keyOf(me);
  // What this run has brought in and is gone by now has to be cleared away by this run as well.
  const isMyCopy = owner !== undefined && copy !== undefined && keyOf(owner) === keyOf(copy.owner);
  if (standing?.kind === 'rightful' && isOutdated(copy, standing)) return give(situation, standing, 'gone');
  if (record && owner && (isMine || (isMyCopy && standing?.kind === 'gone'))) {
    const [heir] = [...rightfulOf(situation, 'taken'), ...rightfulOf(situation, 'waiting')];
    if (heir) return give(situation, heir, 'gone');
    if (onDelete === 'ignore') return nothing({ kind: 'ignored', reason: 'customer-gone' });
    const input = anonymisation(owner, record, username, mappedAttributes, isMine ? deletedVersion : 0);
    if (!input) return nothing({ kind: 'done', reason: 'unchanged' });
    return { kind: 'update', input, reason: 'anonymised', differing: [], copy: undefined };
  }
  if (onDelete === 'ignore') return nothing({ kind: 'ignored', reason: 'customer-gone' });
  // A look-up that lags may hide a copy of mine; the answer to a write cannot.
  const isKnown = claimsOn(record).get(keyOf(me))?.claim === 'gone';
  if (freshness !== 'written' && !isKnown && standing?.kind !== 'foreign') return claim(situation, 'gone');
  return nothing({ kind: 'done', reason: owner ? 'username-passed-on' : 'never-in-fluent' });
}

/** Mine already, or nobody's: written where it differs. */
function keep(situation: Situation, desired: Desired): Plan {
  const { me, username, record, freshness, copy } = situation;
  if (!record) throw new TypeError('Expected a Fluent customer to keep.');
  if (!ownerOf(record, me.project)) return takeOver(situation, desired);
  // Fluent may give a text back in another form than it was sent, so what was just written is not compared in full.
  const isJustWritten = freshness === 'written' && copy?.version === desired.version;
  if (isJustWritten && !hasStaleFields(desired, record))
    return nothing({ kind: 'done', reason: 'unchanged' });
  const differing = differingFields(desired, record);
  const isEqual = !isJustWritten && differing.length === 0;
  if (isEqual && freshness !== 'stale') return nothing({ kind: 'done', reason: 'unchanged' });
  return {
    kind: 'update',
    input: updateFor(username, desired, record),
    reason: 'updated',
    differing,
    copy: { owner: me, version: desired.version },
  };
}

/** Writes me over an owner that has no right to the username any more. */
function takeOver(situation: Situation, desired: Desired): Plan {
  const { me, username, record, standings } = situation;
  if (!record) throw new TypeError('Expected a Fluent customer to take over.');
  const input = updateFor(username, desired, record);
  // Whoever was here before may have consented; that is no consent of mine.
  if (ownerOf(record, me.project)) input.promotionOptIn ??= false;
  const claims = [...standings.values()].flatMap(({ owner, kind }) =>
    kind === 'foreign' ? [] : [claimAttribute(owner, kind === 'rightful' ? 'waiting' : kind)],
  );
  input.attributes = [...(input.attributes ?? []), ...claims, claimAttribute(me, 'taken')];
  return {
    kind: 'update',
    input,
    reason: 'updated',
    differing: differingFields(desired, record),
    copy: { owner: me, version: desired.version },
  };
}

/** Writes another customer, which has the right to the username, and notes what becomes of my own claim. */
function give({ me, username, record }: Situation, heir: Rightful, mine: Claim): Plan {
  if (!record) throw new TypeError('Expected a Fluent customer to give back.');
  const input = updateFor(username, heir.desired, record);
  input.attributes = [
    ...(input.attributes ?? []),
    claimAttribute(heir.owner, 'taken'),
    claimAttribute(me, mine),
  ];
  const copy = { owner: heir.owner, version: heir.customer.version };
  return { kind: 'update', input, reason: undefined, differing: [], copy };
}

/** Writes nothing but a claim: whoever settles the username later sees it. */
function claim({ me, username, copy }: Situation, mine: Claim): Plan {
  const input = { username, attributes: [claimAttribute(me, mine)] };
  return { kind: 'update', input, reason: undefined, differing: [], copy };
}

function taken({ me }: Situation, { owner }: Standing): Plan {
  return nothing({
    kind: 'rejected',
    reason: 'username-taken',
    detail: `Expected a username that customer ${me.id} has to itself, got one that customer ${owner.id} of project ${owner.project} has in Fluent; map another.`,
  });
}

/** The claimants that have the right to the username, always in the same order. */
function rightfulOf({ record, me, standings }: Situation, wanted: Claim): Rightful[] {
  return [...claimsOn(record)]
    .filter(([key, { claim }]) => claim === wanted && key !== keyOf(me))
    .map(([key]) => standings.get(key))
    .filter((standing): standing is Rightful => standing?.kind === 'rightful')
    .sort((one, other) => (keyOf(one.owner) < keyOf(other.owner) ? -1 : 1));
}

/** True when this run wrote an older version of that customer than there is by now. */
function isOutdated(copy: Copy | undefined, { owner, customer }: Rightful): boolean {
  return copy !== undefined && keyOf(copy.owner) === keyOf(owner) && copy.version < customer.version;
}

function nothing(outcome: Outcome): Plan {
  return { kind: 'nothing', outcome };
}
