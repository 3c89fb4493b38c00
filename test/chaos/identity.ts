import type { Customer } from '@commercetools/platform-sdk';
import type { Username } from './configuration.ts';
import type { Changed } from './people.ts';
import type { Random } from './random.ts';

/** What another customer can have of one: that makes it the same person to whoever goes by it. */
export type Identifier = 'key' | 'customerNumber' | 'externalId' | 'email';
export type Identifiers = Partial<Pick<Customer, Identifier>>;

/** How often the username's field changes at all, where a change would; an e-mail address changes as often as any field. */
const CHANGE_PROBABILITY = 0.3;
/** How often a customer that shares its username leaves it by a change. */
const LEAVE_PROBABILITY = 0.1;

/** The field that the username is made from; undefined where that is the id. */
export function sourceOf(username: Username): Identifier | undefined {
  switch (username) {
    case 'id':
      return undefined;
    case '"ct-" & customerNumber':
      return 'customerNumber';
    default:
      return username;
  }
}

/** The field that the username is made from, its value made from a number; the e-mail address is in every draft. */
export function identifierFor(username: Username, number: number): Identifiers {
  switch (sourceOf(username)) {
    case 'key':
      return { key: `customer-${number}` };
    case 'customerNumber':
      return { customerNumber: `C${number}` };
    case 'externalId':
      return { externalId: `X${number}` };
    default:
      return {};
  }
}

/** All that makes a customer the same person; by `only`, that field alone. */
export function identifiersOf(customer: Customer, only?: Identifier): Identifiers {
  const { key, customerNumber, externalId, email } = customer;
  const all = Object.entries({ key, customerNumber, externalId, email });
  return Object.fromEntries(
    all.filter(([name, value]) => value !== undefined && (only === undefined || only === name)),
  );
}

/**
 * The change without what would leave a customer without a username. Usernames change, but seldom, and most seldom where
 * somebody else waits for one: who leaves it by a change, and not by being deleted, leaves its customer in Fluent behind.
 */
export function keepIdentity(changed: Changed, username: Username, shares: boolean, random: Random): Changed {
  const source = sourceOf(username);
  if (source === undefined || !(source in changed)) return changed;
  const often = source === 'email' ? 1 : CHANGE_PROBABILITY;
  const changes = changed[source] !== undefined && random.chance(shares ? LEAVE_PROBABILITY : often);
  if (changes) return changed;
  const { [source]: _, ...others } = changed;
  return others;
}
