import type { StoredCustomer } from '../sandbox/fluent.ts';
import type { OnDelete } from './configuration.ts';
import type { DeadLetter } from './dead-letter-topic.ts';
import { attribute, differing, personalFields } from './expected.ts';
import type { Life } from './lives.ts';
import type { Poison } from './poison.ts';
import { REASON_UNKNOWN } from './sender-pusher.ts';

/** The evidence for a verdict, collected when nothing is in flight any more. */
export interface Evidence {
  /** All customers of the run. */
  readonly lives: readonly Life[];
  /** The customers of each Fluent account, by username. */
  readonly fluent: readonly ReadonlyMap<string, StoredCustomer>[];
  /** The route's `onDelete`; undefined if the route does not include deletions. */
  readonly onDelete: OnDelete | undefined;
  /** True if the event of a deletion contains enough for the customer's username. */
  readonly deletionTells: boolean;
  readonly published: ReadonlySet<string>;
  readonly acknowledged: ReadonlySet<string>;
  readonly poison: readonly Poison[];
  readonly deadLetters: readonly DeadLetter[];
}

/** Counts of broken promises; `faults` describes each by ids, versions and names of fields. */
export interface Verdict {
  /** Customers missing in Fluent, messages neither acknowledged nor dead-lettered, poison without a dead letter. */
  readonly lost: number;
  /** Customers with an older version in Fluent. */
  readonly stale: number;
  /**
   * Customers with the right version and a field that differs, and dead letters that should not exist or have another reason.
   */
  readonly wrong: number;
  /** Living customers that are not in Fluent under their username. */
  readonly overwritten: number;
  /** Deleted customers whose data is still in Fluent. */
  readonly left: number;
  readonly faults: readonly string[];
}

type Faults = Record<'lost' | 'stale' | 'wrong' | 'overwritten' | 'left', string[]>;

/** Compares Fluent with commercetools, and the dead letters with the poison messages. */
export function judge(evidence: Evidence): Verdict {
  const { lives, published, acknowledged } = evidence;
  const faults: Faults = { lost: [], stale: [], wrong: [], overwritten: [], left: [] };
  const letters = judgeLetters(evidence, faults);
  for (const group of byUsername(lives.filter(({ deleted }) => !deleted)))
    judgeLiving(group, evidence, letters.taken, faults);
  if (evidence.onDelete === 'anonymise')
    for (const life of lives) if (life.deleted) judgeDeleted(life, evidence, faults);
  for (const id of published)
    if (!acknowledged.has(id) && !letters.ids.has(id))
      faults.lost.push(`message ${id} was neither acknowledged nor dead-lettered`);
  return {
    lost: faults.lost.length,
    stale: faults.stale.length,
    wrong: faults.wrong.length,
    overwritten: faults.overwritten.length,
    left: faults.left.length,
    faults: Object.entries(faults).flatMap(([kind, all]) => all.map((fault) => `${kind}: ${fault}`)),
  };
}

/** Judges the living customers with one username: Fluent must contain one of them, and the others must have been rejected. */
function judgeLiving(
  group: readonly Life[],
  { fluent, lives, deletionTells }: Evidence,
  taken: ReadonlySet<string>,
  faults: Faults,
): void {
  const [first] = group;
  if (first === undefined) return;
  const username = usernameOf(first);
  const held = fluent[first.account]?.get(username);
  if (held === undefined) {
    faults.lost.push(`customer ${first.customer.id}, version ${first.customer.version}`);
    return;
  }
  const owner = attribute(held, 'commercetoolsId');
  const winner = group.find(({ customer }) => customer.id === owner);
  for (const { customer, usernames } of group) {
    if (customer.id === owner) continue;
    // A rejected customer is written when the event of the owner's deletion contains the username. Otherwise, and if the owner
    // changed its username, only a replay of the dead letter writes it.
    const holder = lives.find((life) => life.customer.id === owner);
    const hasLeft =
      holder !== undefined && (holder.deleted ? !deletionTells : usernameOf(holder) !== username);
    if (taken.has(customer.id) && (winner !== undefined || hasLeft)) continue;
    const blanked = personalFields(held).length === 0 ? ', which is blank' : '';
    faults.overwritten.push(
      `customer ${customer.id}, version ${customer.version}, username ${usernames.length} of its own: Fluent has ${String(owner)}${blanked}; claims ${claims(held)}`,
    );
  }
  if (winner !== undefined) judgeFields(winner, held, faults);
}

function judgeFields({ customer, projectKey, usernames }: Life, held: StoredCustomer, faults: Faults): void {
  const version = Number(attribute(held, 'commercetoolsVersion'));
  const fields = differing(customer, held, usernames.at(-1) ?? '', projectKey);
  if (!(version >= customer.version))
    faults.stale.push(`customer ${customer.id} is at ${version}, commercetools at ${customer.version}`);
  else if (fields.length > 0)
    faults.wrong.push(`customer ${customer.id}, version ${customer.version}: ${fields.join(', ')}`);
}

function judgeDeleted(life: Life, { fluent }: Evidence, faults: Faults): void {
  const held = fluent[life.account]?.get(usernameOf(life));
  if (held === undefined || attribute(held, 'commercetoolsId') !== life.customer.id) return;
  const fields = personalFields(held);
  if (fields.length > 0) faults.left.push(`customer ${life.customer.id}: ${fields.join(', ')}`);
}

/**
 * Checks every dead letter; returns the messages with a dead letter, and the customers that were rejected because of their
 * username.
 */
function judgeLetters({ poison, deadLetters, lives }: Evidence, faults: Faults) {
  const byMark = new Map(poison.map((one) => [one.mark, one]));
  const shared = sharers(lives);
  const deadLettered = new Set<string>();
  const ids = new Set<string>();
  const taken = new Set<string>();
  for (const { data, attributes } of deadLetters) {
    const { poison: mark = '', reason, messageId, deadLetteredAt, identity, resource = '' } = attributes;
    const expected = byMark.get(mark);
    const id = resource.replace('customer/', '');
    if (messageId !== undefined) ids.add(messageId);
    if (expected === undefined) {
      if (reason === 'username-taken' && shared.has(id)) taken.add(id);
      else faults.wrong.push(`a dead letter that was no poison (${reason}, ${identity})`);
    } else if (
      (reason !== expected.reason && attributes[REASON_UNKNOWN] === undefined) ||
      data !== expected.data ||
      deadLetteredAt === undefined
    )
      faults.wrong.push(`dead letter of ${mark} (${expected.reason}) says ${reason}`);
    else deadLettered.add(mark);
  }
  for (const { mark, reason } of poison)
    if (!deadLettered.has(mark)) faults.lost.push(`${mark} (${reason}) has no dead letter`);
  return { ids, taken };
}

function byUsername(lives: readonly Life[]): Life[][] {
  return Object.values(Object.groupBy(lives, (life) => `${life.account} ${usernameOf(life)}`)).flatMap(
    (group) => (group ? [group] : []),
  );
}

/** The ids of customers that share, or shared, a username with another one. */
function sharers(lives: readonly Life[]): Set<string> {
  const holders = new Map<string, string[]>();
  for (const { account, usernames, customer } of lives)
    for (const username of usernames) {
      const key = `${account} ${username}`;
      holders.set(key, [...(holders.get(key) ?? []), customer.id]);
    }
  return new Set([...holders.values()].filter((ids) => ids.length > 1).flat());
}

function usernameOf({ usernames }: Life): string {
  return usernames.at(-1) ?? '';
}

function claims(held: StoredCustomer): string {
  const all = held.attributes.filter(({ name }) => name.startsWith('commercetoolsClaim.'));
  return (
    all.map(({ name, value }) => `${name.slice('commercetoolsClaim.'.length)}=${String(value)}`).join(' ') ||
    'none'
  );
}
