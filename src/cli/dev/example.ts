import type { Customer } from '@commercetools/platform-sdk';
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

/** An example customer. Its event is sent again after each start, to show the effect of a changed mapping. */
export class Example {
  readonly id: string;
  readonly #standIns: StandIns;
  #changes = 0;

  private constructor(standIns: StandIns, { id }: Customer) {
    this.#standIns = standIns;
    this.id = id;
  }

  static async create(standIns: StandIns): Promise<Example> {
    return new Example(standIns, await standIns.commercetools.createCustomer(DRAFT));
  }

  /** Changes the customer; commercetools publishes a notification. */
  async change(): Promise<void> {
    const firstName = FIRST_NAMES[this.#changes % FIRST_NAMES.length] ?? 'Ada';
    this.#changes += 1;
    await this.#standIns.commercetools.updateCustomer(this.id, [{ action: 'setFirstName', firstName }]);
  }

  /** Places an order of the customer; commercetools publishes a notification. */
  async order(): Promise<void> {
    await this.#standIns.commercetools.createOrder({ customerId: this.id });
  }

  /** What Fluent holds of it, on one line. */
  held(): string {
    const { fluent } = this.#standIns;
    const held = [...fluent.customers.values()].filter(({ attributes }) =>
      attributes.some(({ name, value }) => name === 'commercetoolsId' && value === this.id),
    );
    return held
      .map(({ attributes, id: _, ref, status, createdOn, updatedOn, retailer, ...fields }) => {
        const named = Object.fromEntries(attributes.map(({ name, value }) => [name, value]));
        return JSON.stringify({ ...fields, attributes: named });
      })
      .join('\n');
  }
}
