import type { Customer } from '@commercetools/platform-sdk';
import type { Username } from './configuration.ts';
import type { Changed } from './people.ts';
import type { Random } from './random.ts';

/** The values that make another customer the same person, depending on the source of the username. */
export type Identifier = 'key' | 'customerNumber' | 'externalId' | 'email';
export type Identifiers = Partial<Pick<Customer, Identifier>>;

/** The probability that a change of the username's field is kept; an e-mail address changes as often as other fields. */
const CHANGE_PROBABILITY = 0.3;
/** The probability that a customer with a shared username changes it. */
const LEAVE_PROBABILITY = 0.1;

/** The field that the username is made from; undefined if that is the id. */
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

/** Makes the value of the username's field from a number; every draft has an e-mail address already. */
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

/** All identifiers of a customer, or only the field `only`. */
export function identifiersOf(customer: Customer, only?: Identifier): Identifiers {
  const { key, customerNumber, externalId, email } = customer;
  const all = Object.entries({ key, customerNumber, externalId, email });
  return Object.fromEntries(
    all.filter(([name, value]) => value !== undefined && (only === undefined || only === name)),
  );
}

/**
 * Removes changes that would leave a customer without a username, and most other changes of the username. They are rarest for a
 * shared username: a customer that changes its username leaves a copy under the old one, unlike a deleted customer.
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
