import type { CreateCustomerInput, FluentCustomer, Outcome, UpdateCustomerInput } from '../../src/handler.ts';
import { anonymisation } from './anonymise.ts';
import type { Standing, Standings } from './contenders.ts';
import type { Desired } from './mapping/map.ts';
import { type ClaimKind, claimAttribute, claimsOn, keyOf, type Owner, ownerOf, versionOf } from './record.ts';
import { blankedFields, createFor, differingFields, updateFor } from './writes.ts';

/** A customer that was written, and in which version. */
export interface Copy {
  readonly owner: Owner;
  readonly version: number;
}

/** The complete input of `plan`. */
export interface Situation {
  /** The customer that the run is for. */
  readonly me: Owner;
  readonly username: string;
  /** What the customer should be in Fluent; undefined when it no longer has the username. */
  readonly desired: Desired | undefined;
  /** Why `desired` is undefined: the customer has another username (`left`), or no longer exists in commercetools (`gone`). */
  readonly absence: 'left' | 'gone';
  /** The Fluent customer of that username. */
  readonly record: FluentCustomer | undefined;
  /** `written`: the record is the answer to a write, the one read that cannot lag. `stale`: it shows less than was written. */
  readonly freshness: 'written' | 'looked-up' | 'stale';
  readonly standings: Standings;
  /** The copy that this run wrote last. */
  readonly copy: Copy | undefined;
  /** The version in the deletion event; 0 when unknown. */
  readonly deletedVersion: number;
  readonly onDelete: 'ignore' | 'anonymise';
  /** False for a username that is made from the id: no other customer can have it. */
  readonly isContended: boolean;
  readonly mappedAttributes: readonly string[];
  readonly retailerId: string;
}

/** The next step: one write, or none and the outcome of the run. */
export type Plan =
  | { readonly kind: 'nothing'; readonly outcome: Outcome }
  | { readonly kind: 'create'; readonly input: CreateCustomerInput; readonly copy: Copy }
  | {
      readonly kind: 'update';
      readonly input: UpdateCustomerInput;
      /** The outcome's reason; undefined for a write of another customer or of a claim only. */
      readonly reason: 'updated' | 'anonymised' | undefined;
      /** Names of the fields that differ. */
      readonly differing: readonly string[];
      /** The subset of `differing` that has a value in Fluent and none in commercetools. */
      readonly blanked: readonly string[];
      /** The copy that Fluent's customer is after the write, as far as this run knows. */
      readonly copy: Copy | undefined;
    };

/** For writes that report no changed fields: another customer, a claim only, or anonymisation, which blanks on purpose. */
const NO_FIELDS = { differing: [], blanked: [] } as const;

type Rightful = Extract<Standing, { kind: 'rightful' }>;

/**
 * Decides the next write that a customer needs in Fluent. Pure; `converge` documents why it converges.
 *
 * Throws `Rejection` where the customer cannot be created.
 */
export function plan(situation: Situation): Plan {
  return situation.desired ? planLiving(situation, situation.desired) : planAbsent(situation);
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
  const mine = claimsOn(record).get(keyOf(me))?.claim;
  const [earlier] = takersOf(situation).filter((other) => other !== standing);
  // Another living customer took the username before this customer's write took effect: it gets the username back.
  if (!standing && earlier) return passOn(situation, earlier, 'waiting');
  // Another run gave the username to this customer. The claim `taken` makes later writers give it back.
  if (!standing) return mine === 'waiting' ? takeOver(situation, desired) : keep(situation, desired);
  switch (standing.kind) {
    case 'foreign':
      return taken(situation, standing);
    case 'rightful':
      return (
        correct(situation, standing, 'waiting') ??
        (mine === 'waiting' ? taken(situation, standing) : claim(situation, 'waiting'))
      );
    default:
      return earlier ? passOn(situation, earlier, 'waiting') : takeOver(situation, desired);
  }
}

function planAbsent(situation: Situation): Plan {
  const { me, record, standings, absence } = situation;
  const owner = ownerOf(record, me.project);
  const standing = owner && standings.get(keyOf(owner));
  const corrected = standing?.kind === 'rightful' ? correct(situation, standing, absence) : undefined;
  if (corrected) return corrected;
  const isMine = owner !== undefined && keyOf(owner) === keyOf(me);
  const isFree = isMine || standing?.kind === 'gone' || (absence === 'left' && standing?.kind === 'left');
  const [successor] = [...takersOf(situation), ...rightfulOf(situation, 'waiting')];
  if (isFree && successor) return passOn(situation, successor, absence);
  if (absence === 'left') return nothing({ kind: 'done', reason: 'username-passed-on' });
  // A run that crashed may have written another deleted customer late: its data is removed as well.
  return planGone(situation, isFree ? owner : undefined);
}

/** `owner` is the owner of Fluent's customer if the username is free to write; otherwise undefined. */
function planGone(situation: Situation, owner: Owner | undefined): Plan {
  const { me, username, record, standings, freshness, onDelete, mappedAttributes, deletedVersion } =
    situation;
  const isKnown = claimsOn(record).get(keyOf(me))?.claim === 'gone';
  const holder = ownerOf(record, me.project);
  const isForeign = holder !== undefined && standings.get(keyOf(holder))?.kind === 'foreign';
  const isSure = freshness === 'written' || isKnown || isForeign;
  // A look-up that lags may hide this customer's copy, or a waiting claim; the answer to a write cannot.
  if (onDelete === 'ignore')
    return isSure || !situation.isContended
      ? nothing({ kind: 'ignored', reason: 'customer-gone' })
      : claim(situation, 'gone');
  const isMine = owner !== undefined && keyOf(owner) === keyOf(me);
  if (record && owner) {
    const version = isMine ? deletedVersion : 0;
    const input = anonymisation(owner, record, username, mappedAttributes, version);
    if (input) return { kind: 'update', input, reason: 'anonymised', ...NO_FIELDS, copy: undefined };
    if (isSure || isMine) return nothing({ kind: 'done', reason: 'unchanged' });
  }
  if (!isSure) return claim(situation, 'gone');
  return nothing({ kind: 'done', reason: holder ? 'username-passed-on' : 'never-in-fluent' });
}

/** Writes a copy of this customer, or one without an owner, where it differs. */
function keep(situation: Situation, desired: Desired): Plan {
  const { me, username, record, freshness, copy } = situation;
  if (!record) throw new TypeError('Expected a Fluent customer to keep.');
  if (!ownerOf(record, me.project)) return takeOver(situation, desired);
  // Fluent may normalise texts, so a record that was just written is checked only for fields to blank.
  const isJustWritten = freshness === 'written' && copy?.version === desired.version;
  if (isJustWritten && blankedFields(desired, record).length === 0)
    return nothing({ kind: 'done', reason: 'unchanged' });
  const differing = differingFields(desired, record);
  const isEqual = !isJustWritten && differing.length === 0;
  if (isEqual && freshness !== 'stale') return nothing({ kind: 'done', reason: 'unchanged' });
  return {
    kind: 'update',
    input: updateFor(username, desired, record),
    reason: 'updated',
    differing,
    blanked: blankedFields(desired, record),
    copy: { owner: me, version: desired.version },
  };
}

/** Overwrites an owner that is no longer the rightful owner of the username. */
function takeOver(situation: Situation, desired: Desired): Plan {
  const { me, username, record, standings } = situation;
  if (!record) throw new TypeError('Expected a Fluent customer to take over.');
  const input = updateFor(username, desired, record);
  const owner = ownerOf(record, me.project);
  // The consent of the former owner is not the consent of this customer.
  if (owner && keyOf(owner) !== keyOf(me)) input.promotionOptIn ??= false;
  const claims = [...standings.values()].flatMap((other) =>
    other.kind === 'gone' ? [claimAttribute(other.owner, 'gone')] : [],
  );
  const hasLeft = owner !== undefined && standings.get(keyOf(owner))?.kind === 'left';
  input.attributes = [
    ...(input.attributes ?? []),
    ...claims,
    claimAttribute(me, 'taken', hasLeft ? owner : undefined),
  ];
  return {
    kind: 'update',
    input,
    reason: 'updated',
    differing: differingFields(desired, record),
    blanked: blankedFields(desired, record),
    copy: { owner: me, version: desired.version },
  };
}

/** Writes the rightful customer of the username and this customer's claim, but not the rightful customer's claim. */
function passOn({ me, username, record }: Situation, successor: Rightful, mine: ClaimKind): Plan {
  if (!record) throw new TypeError('Expected a Fluent customer to pass on.');
  const input = updateFor(username, successor.desired, record);
  input.attributes = [...(input.attributes ?? []), claimAttribute(me, mine)];
  const copy = { owner: successor.owner, version: successor.customer.version };
  return { kind: 'update', input, reason: undefined, ...NO_FIELDS, copy };
}

/** Writes only a claim, which a later run for the same username reads. */
function claim({ me, username, copy }: Situation, mine: ClaimKind): Plan {
  const input = { username, attributes: [claimAttribute(me, mine)] };
  return { kind: 'update', input, reason: undefined, ...NO_FIELDS, copy };
}

function taken({ me }: Situation, { owner }: Standing): Plan {
  return nothing({
    kind: 'rejected',
    reason: 'username-taken',
    detail: `Expected a username for customer ${me.id} alone, got one that customer ${owner.id} of project ${owner.project} has in Fluent; change the mapping of username.`,
  });
}

/** The other rightful customers with this kind of claim, always in the same order. */
function rightfulOf({ record, me, standings }: Situation, wanted: ClaimKind): Rightful[] {
  return [...claimsOn(record)]
    .filter(([key, { claim }]) => claim === wanted && key !== keyOf(me))
    .map(([key]) => standings.get(key))
    .filter((standing): standing is Rightful => standing?.kind === 'rightful')
    .sort((one, other) => (keyOf(one.owner) < keyOf(other.owner) ? -1 : 1));
}

/** Customers with precedence for the username: they took it over, or owned it before it was overwritten. */
function takersOf(situation: Situation): Rightful[] {
  return [...rightfulOf(situation, 'taken'), ...returned(situation)];
}

/** The write that repairs the copy of a rightful owner after a write of this customer; undefined if it needs no repair. */
function correct(situation: Situation, standing: Rightful, mine: ClaimKind): Plan | undefined {
  const [earlier] = takersOf(situation).filter((other) => other !== standing);
  const hasPassedOn = claimsOn(situation.record).get(keyOf(standing.owner))?.claim === 'waiting';
  // The owner has passed the username on to an earlier customer before, so that one gets it.
  if (earlier && hasPassedOn) return passOn(situation, earlier, mine);
  return isBehind(situation, standing) ? passOn(situation, standing, mine) : undefined;
}

/** Former owners that were overwritten after they changed tsuccessor username, and that have since changed it back. */
function returned({ record, me, standings }: Situation): Rightful[] {
  const claims = claimsOn(record);
  return [...claims.values()].flatMap(({ claim, from }) => {
    if (claim !== 'taken' || !from || keyOf(from) === keyOf(me)) return [];
    const standing = standings.get(keyOf(from));
    const isWaiting = claims.get(keyOf(from))?.claim === 'waiting';
    return standing?.kind === 'rightful' && !isWaiting ? [standing] : [];
  });
}

/**
 * True when the owner's copy in Fluent is older than the owner, and a run of this customer may be the cause: this run, or one
 * that crashed after its write.
 */
function isBehind({ record, me, copy }: Situation, { owner, customer, desired }: Rightful): boolean {
  if (!record) return false;
  const isMyCopy = copy !== undefined && keyOf(copy.owner) === keyOf(owner);
  if (!isMyCopy && !claimsOn(record).has(keyOf(me))) return false;
  return versionOf(record, owner) < customer.version || blankedFields(desired, record).length > 0;
}

function nothing(outcome: Outcome): Plan {
  return { kind: 'nothing', outcome };
}
