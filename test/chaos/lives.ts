import type { Customer } from '@commercetools/platform-sdk';
import type { Username } from './configuration.ts';

/** A commercetools customer from its creation to its deletion, with all usernames that it had in Fluent. */
export interface Life {
  readonly projectKey: string;
  /** The Fluent account of the customer. */
  readonly account: number;
  /** The latest version. */
  readonly customer: Customer;
  readonly deleted: boolean;
  /** In order; the last one is the current (or final) username. */
  readonly usernames: readonly string[];
}

/** The lives of all customers of a run. */
export class Lives {
  readonly #lives = new Map<string, Life>();
  /** For each account and username, the ids of all customers that ever had it. */
  readonly #holders = new Map<string, Set<string>>();
  readonly #username: Username;

  constructor(username: Username) {
    this.#username = username;
  }

  get all(): Life[] {
    return [...this.#lives.values()];
  }

  /** Records the latest version of a customer. */
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

  /** True if another customer of the account ever had one of its usernames. */
  shares(id: string): boolean {
    const life = this.#lives.get(id);
    return (
      life?.usernames.some((name) => (this.#holders.get(`${life.account} ${name}`)?.size ?? 0) > 1) ?? false
    );
  }
}

/** Computes the username without code of the handler; throws for a customer without one. */
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
