import type { Customer, CustomerDraft, UpdateAction } from '@commercetools/platform-sdk';
import { notFound, requireVersion } from './commercetools-answer.ts';
import type { LentMock, Mock } from './commercetools-mock.ts';
import { type Change, changeOf, Messages, type Payload, testOf } from './commercetools-notifications.ts';
import { inventCustomer } from './commercetools-seed.ts';
import { Subscriptions } from './commercetools-subscriptions.ts';
import { CustomerTable, Entry } from './commercetools-table.ts';
import { requireUnique } from './commercetools-unique.ts';
import { Replicas } from './replicas.ts';

export interface ProjectOptions {
  readonly key: string;
  /** The mock contains a customer only during a write. */
  readonly mock: LentMock;
  readonly newId: () => string;
  readonly random: () => number;
  readonly messages: boolean;
  readonly notify: (payload: Payload) => void;
}

interface Lag {
  readonly table: CustomerTable;
  readonly milliseconds: number;
  readonly pending: Array<{ readonly at: number; readonly change: Change }>;
  left: number;
}

/** The lag of each replica in milliseconds. Without replicas, reads are up to date. */
export interface ReplicaLags {
  /** `/customers?where=`. */
  readonly query?: readonly number[];
  /** `customer(id:)` in GraphQL. */
  readonly graphql?: readonly number[];
}

type Table = Replicas<CustomerTable, Change>;

/** A commercetools project: its customers and subscriptions, and the notifications about them. */
export class Project {
  readonly key: string;
  readonly subscriptions: Subscriptions;
  readonly #options: ProjectOptions;
  readonly #table = new CustomerTable();
  readonly #messages = new Messages();
  #lag: Lag | undefined;
  #replicas: { readonly query: Table; readonly graphql: Table };
  #seeded = 0;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(options: ProjectOptions) {
    this.key = options.key;
    this.#options = options;
    this.#replicas = { query: this.#replicate([]), graphql: this.#replicate([]) };
    this.subscriptions = new Subscriptions((id) => options.notify(testOf(options.key, id)));
  }

  /** Publishes a notification about a change that was made elsewhere. */
  publish(notification: Payload): void {
    this.#options.notify(notification);
  }

  entry(id: string): Entry | undefined {
    return this.#table.byId.get(id);
  }

  entryByKey(key: string): Entry | undefined {
    return this.#table.byKey.get(key);
  }

  entries(): readonly Entry[] {
    return this.#table.inIdOrder.items;
  }

  /**
   * Returns the customers that a query reads now. A call counts as one query where the number of lagging queries is limited.
   */
  queried(): CustomerTable {
    const lag = this.#lag;
    if (lag === undefined) return this.#replicas.query.read() ?? this.#table;
    const seen = performance.now() - lag.milliseconds;
    for (let first = lag.pending[0]; first !== undefined && first.at <= seen; first = lag.pending[0]) {
      apply(lag.table, first.change);
      lag.pending.shift();
    }
    lag.left -= 1;
    if (lag.left <= 0) this.#lag = undefined;
    return lag.table;
  }

  /** Returns the customers that `customer` of GraphQL reads now. */
  lookedUp(): CustomerTable {
    return this.#replicas.graphql.read() ?? this.#table;
  }

  lag(milliseconds: number, times: number): void {
    this.#lag =
      milliseconds > 0 ? { table: this.#table.copy(), milliseconds, pending: [], left: times } : undefined;
  }

  /** Replaces the replicas. A lag that is set with `lag` has precedence. */
  replicate({ query = [], graphql = [] }: ReplicaLags, random = this.#options.random): void {
    this.#replicas = {
      query: this.#replicate(query, random),
      graphql: this.#replicate(graphql, random),
    };
  }

  /**
   * Creates a customer through the mock, `at` (ISO 8601) or now. Throws for values that must be unique, and errors of the mock,
   * such as an unknown custom type.
   */
  create(draft: CustomerDraft, at?: string): Promise<Customer> {
    return this.#alone(async () => {
      const { locale, salutation, vatId } = draft;
      requireUnique(this.#table, draft);
      const { mock, storage } = await this.#options.mock.get();
      const repository = mock.project(this.key).getRepository('customer');
      const made = await repository.create({ projectKey: this.key }, draft);
      await storage.delete(this.key, 'customer', made.id, {});
      // The mock does not set these three fields.
      const extras = without({ locale, salutation, vatId });
      const times = at === undefined ? {} : { createdAt: at, lastModifiedAt: at };
      const after: Customer = without(Object.assign(made, extras, times, { id: this.#options.newId() }));
      this.#commit({ before: undefined, after });
      return after;
    });
  }

  /** Applies update actions through the mock. Throws 404, 409, and errors of the mock. */
  update(id: string, version: number | undefined, actions: readonly UpdateAction[]): Promise<Customer> {
    return this.#alone(async () => {
      const entry = this.require(id);
      const before = entry.customer;
      // The mock checks the version only if something changes.
      if (version !== undefined) requireVersion(id, before.version, version);
      const after = await this.#withInMock(entry, async ({ mock, storage }) => {
        const repository = mock.project(this.key).getRepository('customer');
        const context = { projectKey: this.key };
        await repository.processUpdateActions(context, before, before.version, [...actions]);
        return storage.get(this.key, 'customer', id, {});
      });
      if (after === null || after.version === before.version) return before;
      this.#replace(before, after, actions);
      return after;
    });
  }

  /** Sets fields directly, without update actions, and increments the version. Throws 404. */
  set(id: string, fields: Partial<Customer>): Promise<Customer> {
    return this.#alone(async () => {
      const before = this.require(id).customer;
      const version = fields.version ?? before.version + 1;
      const after = without({ ...before, lastModifiedAt: new Date().toISOString(), ...fields, id, version });
      this.#replace(before, after, []);
      return after;
    });
  }

  /** Throws 404, and 409 if a version is given that is not the current one. */
  delete(id: string, version?: number, dataErasure?: boolean): Promise<Entry> {
    return this.#alone(async () => {
      const entry = this.require(id);
      if (version !== undefined) requireVersion(id, entry.customer.version, version);
      const change = { before: entry.customer, after: undefined };
      this.#commit(dataErasure === undefined ? change : { ...change, dataErasure });
      return entry;
    });
  }

  /** Adds generated customers with this time of change, without notifications. */
  seed(count: number, at: string): Customer[] {
    const { newId, random } = this.#options;
    const customers = Array.from({ length: count }, () =>
      inventCustomer(++this.#seeded, newId(), random, at),
    );
    this.#table.putMany(customers.map((customer) => new Entry(customer)));
    for (const after of customers) this.#remember({ before: undefined, after });
    return customers;
  }

  require(id: string): Entry {
    const entry = this.#table.byId.get(id);
    if (entry === undefined) throw notFound(`ID '${id}'`);
    return entry;
  }

  #replace(before: Customer, after: Customer, actions: readonly UpdateAction[]): void {
    requireUnique(this.#table, after, before.id);
    this.#commit({ before, after, actions: actions.map(({ action }) => action) });
  }

  #commit(change: Change): void {
    apply(this.#table, change);
    this.#remember(change);
    const { notify, messages } = this.#options;
    notify(changeOf(this.key, change));
    if (messages) for (const message of this.#messages.of(this.key, change)) notify(message);
  }

  // The change is stored with its time, so that lagging reads return it later.
  #remember(change: Change): void {
    this.#lag?.pending.push({ at: performance.now(), change });
    for (const replicas of Object.values(this.#replicas)) replicas.commit(change);
  }

  #replicate(lags: readonly number[], random = this.#options.random): Table {
    return new Replicas(lags, { copy: () => this.#table.copy(), apply }, random);
  }

  // Serialises writes: the mock awaits between checking the version and storing the next one.
  #alone<T>(write: () => Promise<T>): Promise<T> {
    const run = this.#writing.then(write);
    this.#writing = run.catch(() => undefined);
    return run;
  }

  // The mock searches all of its customers, so it contains only the one that is written.
  async #withInMock<T>({ customer }: Entry, work: (mock: Mock) => Promise<T>): Promise<T> {
    const mock = await this.#options.mock.get();
    await mock.storage.add(this.key, 'customer', customer);
    try {
      return await work(mock);
    } finally {
      await mock.storage.delete(this.key, 'customer', customer.id, {});
    }
  }
}

function apply(table: CustomerTable, { before, after }: Change): void {
  if (after !== undefined) table.put(new Entry(after));
  else if (before !== undefined) table.remove(before.id);
}

// Removes undefined fields, like JSON.
function without<T extends object>(customer: T): T {
  for (const [name, value] of Object.entries(customer))
    if (value === undefined) Reflect.deleteProperty(customer, name);
  return customer;
}
