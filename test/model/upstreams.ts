import {
  type Commercetools,
  Conflict,
  type CreateCustomerInput,
  type Customer,
  Failure,
  type Fluent,
  type FluentCustomer,
  NotThere,
  type UpdateCustomerInput,
} from '../../src/handler.ts';
import type { Steps } from './steps.ts';

/** The fields that the model changes; undefined if the customer does not have the field. */
export interface Person {
  readonly firstName: string | undefined;
  readonly companyName: string | undefined;
  readonly phone: string | undefined;
}

export interface Truth extends Person {
  readonly version: number;
  readonly gone: boolean;
}

/** The single customer of the model in commercetools and in Fluent, and a check of every write. */
export class Upstreams {
  readonly id: string;
  truth: Truth = { version: 1, gone: false, firstName: 'A', companyName: undefined, phone: undefined };
  /** Fluent's customer after each write, the oldest first. */
  readonly writes: FluentCustomer[] = [];
  /** The violations that have occurred. */
  readonly violations: string[] = [];

  constructor(id: string) {
    this.id = id;
  }

  /** Fluent's customer; `back` is a lag in writes. */
  inFluent(back = 0): FluentCustomer | undefined {
    return this.writes.at(-1 - back);
  }

  /** The clients of one run of an instance. */
  clientsFor(instance: object, steps: Steps): { commercetools: Commercetools; fluent: Fluent } {
    let lookedUp = 0;
    const read = () => steps.operation(instance, () => customerOf(this.id, this.truth));
    const find = () =>
      steps.operation(instance, () => {
        const found = this.inFluent();
        lookedUp = versionIn(found);
        return found;
      });
    const write = (input: UpdateCustomerInput, kind: 'create' | 'update') =>
      steps.operation(instance, () => {
        const held = this.inFluent();
        if (kind === 'create' && held) throw new Conflict();
        if (kind === 'update' && !held) throw new NotThere();
        if (input.username !== this.id) this.violations.push(`a username of its own: ${input.username}`);
        if (versionIn(input) < lookedUp)
          this.violations.push(`version ${versionIn(input)} was written where ${lookedUp} was looked up`);
        const after = merge(held, input);
        this.writes.push(after);
        return after;
      });
    return {
      commercetools: {
        async readCustomer(_id, { atLeast = 0 } = {}) {
          const customer = await read();
          if (customer && customer.version < atLeast)
            throw new Failure('stale-read', 'Older than its event.');
          return customer;
        },
        readCustomerById: read,
        readVersion: async () => (await read())?.version,
        get api(): never {
          throw new Error('The model has no request builder.');
        },
      },
      fluent: {
        findCustomer: find,
        createCustomer: (input: CreateCustomerInput) => write(input, 'create'),
        updateCustomer: (input) => write(input, 'update'),
        request: () => Promise.reject(new Error('The model answers no other request.')),
      },
    };
  }
}

/** The version in a Fluent customer, or in a write. */
export function versionIn(customer: Pick<FluentCustomer, 'attributes'> | undefined): number {
  return Number(attribute(customer, 'commercetoolsVersion') ?? 0);
}

/** The value of an attribute in Fluent; undefined for a blank. */
export function attribute(customer: Pick<FluentCustomer, 'attributes'> | undefined, name: string): unknown {
  return customer?.attributes?.find((held) => held.name === name)?.value || undefined;
}

function customerOf(
  id: string,
  { gone, version, firstName, companyName, phone }: Truth,
): Customer | undefined {
  if (gone) return undefined;
  return {
    id,
    version,
    createdAt: '2026-01-01T00:00:00.000Z',
    lastModifiedAt: '2026-01-01T00:00:00.000Z',
    email: 'amba@example.com',
    isEmailVerified: false,
    authenticationMode: 'ExternalAuth',
    stores: [],
    shippingAddressIds: [],
    billingAddressIds: [],
    customerGroupAssignments: [],
    addresses: phone === undefined ? [] : [{ id: 'home', country: 'NL', phone }],
    ...(firstName !== undefined && { firstName }),
    ...(companyName !== undefined && { companyName }),
  };
}

/** Applies an input like Fluent: fields and attributes that it does not contain stay. */
export function merge(held: FluentCustomer | undefined, input: UpdateCustomerInput): FluentCustomer {
  const names = new Set(input.attributes?.map(({ name }) => name));
  const others = held?.attributes?.filter(({ name }) => !names.has(name)) ?? [];
  return { ...held, ...input, attributes: [...others, ...(input.attributes ?? [])] };
}
