import type { Customer } from '@commercetools/platform-sdk';
import type { Username } from './configuration.ts';

/** A commercetools customer from its creation to its deletion, and the usernames in Fluent that it had on the way. */
export interface Life {
  readonly projectKey: string;
  /** Which Fluent account it belongs to. */
  readonly account: number;
  /** As it is, or as it was last. */
  readonly customer: Customer;
  readonly deleted: boolean;
  /** In order; the last is the one that it has, or had in the end. */
  readonly usernames: readonly string[];
}

/** The lives of all customers of a run. */
export class Lives {
  readonly #lives = new Map<string, Life>();
  /** For each account and username, the ids of everybody who ever had it. */
  readonly #holders = new Map<string, Set<string>>();
  readonly #username: Username;

  constructor(username: Username) {
    this.#username = username;
  }

  get all(): Life[] {
    return [...this.#lives.values()];
  }

  /** Takes note of a customer in its latest version. */
  changed(customer: Customer, projectKey: string, account: number): void {
    const username = usernameOf(customer, this.#username);
    const before = this.#lives.get(customer.id)?.usernames ?? [];
    const usernames = before.at(-1) === username ? before : [...before, username];
    this.#lives.set(customer.id, { projectKey, account, customer, deleted: false, usernames });
    const key = `${account} ${username}`;
    this.#holders.set(key, (this.#holders.get(key) ?? new Set()).add(customer.id));
  }

  deleted(id: string): void {
    const life = this.#lives.get(id);
    if (life !== undefined) this.#lives.set(id, { ...life, deleted: true });
  }

  /** Whether another customer of the account ever had one of its usernames. */
  shares(id: string): boolean {
    const life = this.#lives.get(id);
    return (
      life?.usernames.some((name) => (this.#holders.get(`${life.account} ${name}`)?.size ?? 0) > 1) ?? false
    );
  }
}

/** The username by the mapping, said once more and by other means; throws for a customer that has none. */
export function usernameOf(customer: Customer, username: Username): string {
  const { id, key, customerNumber, externalId, email } = customer;
  const values = {
    id,
    key,
    customerNumber,
    externalId,
    '"ct-" & customerNumber': customerNumber === undefined ? undefined : `ct-${customerNumber}`,
    email,
  } satisfies Record<Username, string | undefined>;
  const value = values[username];
  if (value === undefined) throw new Error(`Expected customer ${id} to have a username by ${username}.`);
  return value;
}
