import type { StandIns } from '../../../test/kit/stand-ins.ts';

const DRAFT = {
  email: 'ada@example.com',
  firstName: 'Ada',
  lastName: 'Example',
  customerNumber: '1001',
  addresses: [{ key: 'home', country: 'NL', phone: '+31 20 555 0100' }],
  defaultShippingAddress: 0,
};
const FIRST_NAMES = ['Augusta', 'Ada'];

/** An example customer of each account. Its event is sent again after each start, to show the effect of a changed mapping. */
export class Examples {
  readonly #accounts: ReadonlyMap<string, StandIns['accounts'][number]>;
  #changes = 0;

  private constructor(accounts: ReadonlyMap<string, StandIns['accounts'][number]>) {
    this.#accounts = accounts;
  }

  static async create({ accounts }: Pick<StandIns, 'accounts'>): Promise<Examples> {
    const created = accounts.map(async (account) => {
      const { id } = await account.commercetools.createCustomer(DRAFT);
      return [id, account] as const;
    });
    return new Examples(new Map(await Promise.all(created)));
  }

  /** Changes the customers; commercetools publishes a notification of each. */
  async change(): Promise<void> {
    const firstName = FIRST_NAMES[this.#changes % FIRST_NAMES.length] ?? 'Ada';
    this.#changes += 1;
    for (const [id, { commercetools }] of this.#accounts)
      await commercetools.updateCustomer(id, [{ action: 'setFirstName', firstName }]);
  }

  /** Places an order of each customer; commercetools publishes a notification of each. */
  async order(): Promise<void> {
    for (const [customerId, { commercetools }] of this.#accounts)
      await commercetools.createOrder({ customerId });
  }

  /** What Fluent holds of an example customer, on one line; undefined for another resource than `customer/<its id>`. */
  held(resource: string | undefined): string | undefined {
    const id = resource?.replace(/^customer\//, '');
    const account = id === undefined ? undefined : this.#accounts.get(id);
    if (!account) return undefined;
    const held = [...account.fluent.customers.values()].filter(({ attributes }) =>
      attributes.some(({ name, value }) => name === 'commercetoolsId' && value === id),
    );
    return held
      .map(({ attributes, id: _, ref, status, createdOn, updatedOn, retailer, ...fields }) => {
        const named = Object.fromEntries(attributes.map(({ name, value }) => [name, value]));
        return JSON.stringify({ ...fields, attributes: named });
      })
      .join('\n');
  }
}
