import type { Customer } from '@commercetools/platform-sdk';

/** One version of a customer. It is immutable, so a copy of the table copies references only. */
export class Entry {
  readonly customer: Customer;
  #json: string | undefined;

  constructor(customer: Customer) {
    this.customer = customer;
  }

  /**
   * The customer in the format of the API: the password masked, without fields of the stand-in. Serialised once per version.
   */
  get json(): string {
    this.#json ??= JSON.stringify(this.customer, (name, value: unknown) => {
      if (name === 'lowercaseEmail') return undefined;
      return name === 'password' ? '****xyz=' : value;
    });
    return this.#json;
  }
}

type Place = Pick<Customer, 'id' | 'lastModifiedAt'>;
type Compare = (left: Place, right: Place) => number;

/** Sorted entries, so that the cost of a page by key depends on the size of the page and not of the project. */
export class OrderedEntries {
  readonly items: Entry[];
  readonly #compare: Compare;

  constructor(compare: Compare, items: Entry[] = []) {
    this.#compare = compare;
    this.items = items;
  }

  copy(): OrderedEntries {
    return new OrderedEntries(this.#compare, [...this.items]);
  }

  /** The first index whose entry is not less than `place`. */
  indexOf(place: Place): number {
    let low = 0;
    let high = this.items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.items[middle];
      if (entry !== undefined && this.#compare(entry.customer, place) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  add(entry: Entry): void {
    this.items.splice(this.indexOf(entry.customer), 0, entry);
  }

  addMany(entries: readonly Entry[]): void {
    for (const entry of entries) this.items.push(entry);
    this.items.sort((left, right) => this.#compare(left.customer, right.customer));
  }

  remove(entry: Entry): void {
    const index = this.indexOf(entry.customer);
    if (this.items[index] === entry) this.items.splice(index, 1);
  }
}

/** The customers of a project, indexed by id, time of change and unique fields. */
export class CustomerTable {
  readonly byId = new Map<string, Entry>();
  readonly byKey = new Map<string, Entry>();
  readonly byNumber = new Map<string, Entry>();
  readonly byEmail = new Map<string, Entry>();
  readonly inIdOrder: OrderedEntries;
  readonly inChangeOrder: OrderedEntries;

  constructor(
    inIdOrder = new OrderedEntries(compareIds),
    inChangeOrder = new OrderedEntries((left, right) => {
      return compareText(left.lastModifiedAt, right.lastModifiedAt) || compareIds(left, right);
    }),
  ) {
    this.inIdOrder = inIdOrder;
    this.inChangeOrder = inChangeOrder;
    for (const entry of inIdOrder.items) this.#name(entry);
  }

  copy(): CustomerTable {
    return new CustomerTable(this.inIdOrder.copy(), this.inChangeOrder.copy());
  }

  put(entry: Entry): void {
    this.remove(entry.customer.id);
    this.#name(entry);
    this.inIdOrder.add(entry);
    this.inChangeOrder.add(entry);
  }

  /** Adds new customers. */
  putMany(entries: readonly Entry[]): void {
    for (const entry of entries) this.#name(entry);
    this.inIdOrder.addMany(entries);
    this.inChangeOrder.addMany(entries);
  }

  remove(id: string): void {
    const entry = this.byId.get(id);
    if (entry === undefined) return;
    const { key, customerNumber, email } = entry.customer;
    this.byId.delete(id);
    if (key !== undefined) this.byKey.delete(key);
    if (customerNumber !== undefined) this.byNumber.delete(customerNumber);
    this.byEmail.delete(email.toLowerCase());
    this.inIdOrder.remove(entry);
    this.inChangeOrder.remove(entry);
  }

  #name(entry: Entry): void {
    const { id, key, customerNumber, email } = entry.customer;
    this.byId.set(id, entry);
    if (key !== undefined) this.byKey.set(key, entry);
    if (customerNumber !== undefined) this.byNumber.set(customerNumber, entry);
    this.byEmail.set(email.toLowerCase(), entry);
  }
}

/** The order of predicates and sorting: by code unit, which fits ids and ISO dates. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function compareIds(left: Place, right: Place): number {
  return compareText(left.id, right.id);
}
