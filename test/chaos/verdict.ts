import type { Customer } from '@commercetools/platform-sdk';
import type { StoredCustomer } from '../sandbox/fluent.ts';
import type { DeadLetter } from './dead-letter-topic.ts';
import { differing } from './expected.ts';
import type { Poison } from './poison.ts';

/** Everything that a verdict is given on, when all has come to rest. */
export interface Evidence {
  /** The customers that commercetools has: one that was deleted is fine whatever Fluent holds. */
  readonly customers: readonly Customer[];
  readonly fluent: ReadonlyMap<string, StoredCustomer>;
  readonly published: ReadonlySet<string>;
  readonly acknowledged: ReadonlySet<string>;
  readonly poison: readonly Poison[];
  readonly deadLetters: readonly DeadLetter[];
}

/** Counts, 0 where the promise is kept; `faults` tells of each by ids, versions and names of fields. */
export interface Verdict {
  /** Customers missing in Fluent, messages neither acknowledged nor dead-lettered, poison without a dead letter. */
  readonly lost: number;
  /** Customers whose version in Fluent is older. */
  readonly stale: number;
  /** Customers of the right version with a field that differs, and dead letters that should not be, or say another reason. */
  readonly wrong: number;
  readonly faults: readonly string[];
}

/** Compares Fluent with commercetools, and the dead letters with what was poison. */
export function judge(evidence: Evidence): Verdict {
  const { customers, fluent, published, acknowledged } = evidence;
  const lost: string[] = [];
  const stale: string[] = [];
  const wrong: string[] = [];
  for (const customer of customers) {
    const held = fluent.get(customer.id);
    if (held === undefined) {
      lost.push(`lost: customer ${customer.id}, version ${customer.version}`);
      continue;
    }
    const version = Number(held.attributes.find(({ name }) => name === 'commercetoolsVersion')?.value);
    const fields = differing(customer, held);
    if (!(version >= customer.version))
      stale.push(`stale: customer ${customer.id} is at ${version}, commercetools at ${customer.version}`);
    else if (fields.length > 0)
      wrong.push(`wrong: customer ${customer.id}, version ${customer.version}: ${fields.join(', ')}`);
  }
  const letters = judgeLetters(evidence);
  for (const id of published)
    if (!acknowledged.has(id) && !letters.ids.has(id))
      lost.push(`lost: message ${id} was neither acknowledged nor dead-lettered`);
  lost.push(...letters.lost);
  wrong.push(...letters.wrong);
  return {
    lost: lost.length,
    stale: stale.length,
    wrong: wrong.length,
    faults: [...lost, ...stale, ...wrong],
  };
}

function judgeLetters({ poison, deadLetters }: Evidence) {
  const byMark = new Map(poison.map((one) => [one.mark, one]));
  const parked = new Set<string>();
  const ids = new Set<string>();
  const wrong: string[] = [];
  for (const { data, attributes } of deadLetters) {
    const { poison: mark = '', reason, messageId, parkedAt, identity } = attributes;
    const expected = byMark.get(mark);
    if (messageId !== undefined) ids.add(messageId);
    if (expected === undefined)
      wrong.push(`wrong: a dead letter that was no poison (${reason}, ${identity})`);
    else if (reason !== expected.reason || data !== expected.data || parkedAt === undefined)
      wrong.push(`wrong: dead letter of ${mark} (${expected.reason}) says ${reason}`);
    else parked.add(mark);
  }
  const lost = poison
    .filter(({ mark }) => !parked.has(mark))
    .map(({ mark, reason }) => `lost: ${mark} (${reason}) has no dead letter`);
  return { ids, wrong, lost };
}
