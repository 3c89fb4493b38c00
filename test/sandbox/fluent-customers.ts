import { GraphQLError } from 'graphql';

/** An attribute of a customer, unique by its name. */
export interface StoredAttribute {
  readonly name: string;
  readonly type: string;
  readonly value: unknown;
}

interface CustomerFields {
  readonly title?: string | null;
  readonly country?: string | null;
  readonly firstName?: string | null;
  readonly lastName?: string | null;
  readonly primaryEmail?: string | null;
  readonly primaryPhone?: string | null;
  readonly timezone?: string | null;
  readonly department?: string | null;
  readonly promotionOptIn?: boolean | null;
}

/** A stored customer. It is immutable, so that a copy of the map is a snapshot. */
export interface StoredCustomer extends CustomerFields {
  readonly id: string;
  readonly ref: string;
  readonly username: string;
  readonly status: string;
  /** ISO 8601. */
  readonly createdOn: string;
  readonly updatedOn: string;
  readonly attributes: readonly StoredAttribute[];
  readonly retailer: { readonly id: string };
}

/** The input of `createCustomer` and `updateCustomer`, after the schema has checked it. */
export interface CustomerInput extends CustomerFields {
  readonly username: string;
  readonly attributes?: readonly (StoredAttribute | null)[] | null;
  readonly retailer?: { readonly id: string };
}

/** One change of the state. */
export interface Write {
  readonly kind: 'create' | 'update';
  readonly username: string;
}

const LENGTHS = {
  username: 250,
  title: 50,
  country: 100,
  firstName: 50,
  lastName: 50,
  primaryEmail: 250,
  primaryPhone: 20,
  timezone: 32,
  department: 255,
} as const satisfies Partial<Record<keyof CustomerInput, number>>;
const OTHER_LENGTH = 255;

/** The error of one operation, with Fluent's code. The text quotes values, because the real platform may. */
export function refusal(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}

/** The customers of the account. Every method checks and writes synchronously, so that no other request interferes. */
export class CustomerStore {
  readonly customers = new Map<string, StoredCustomer>();
  readonly #written: (write: Write) => void;
  /** Called for each customer after a change. */
  onPut: (customer: StoredCustomer) => void = () => {};
  #lastId = 0;

  constructor(written: (write: Write) => void) {
    this.#written = written;
  }

  /** Throws C0141E for a field that is too long and C0121E for a username that exists. */
  create(input: CustomerInput): StoredCustomer {
    checkLengths(input);
    if (this.customers.has(input.username)) {
      throw refusal('C0121E', `Customer with username '${input.username}' violates a unique constraint.`);
    }
    const customer = this.#put(input, undefined);
    this.#written({ kind: 'create', username: input.username });
    return customer;
  }

  /** Throws C0141E for a field that is too long and C0120E for a username that does not exist. */
  update(input: CustomerInput): StoredCustomer {
    checkLengths(input);
    const current = this.customers.get(input.username);
    if (current === undefined) {
      throw refusal('C0120E', `Customer with username '${input.username}' was not found.`);
    }
    const customer = this.#put(input, current);
    this.#written({ kind: 'update', username: input.username });
    return customer;
  }

  /** Adds customers without checking or counting them. */
  seed(inputs: readonly CustomerInput[]): void {
    for (const input of inputs) this.#put(input, this.customers.get(input.username));
  }

  #put(input: CustomerInput, current: StoredCustomer | undefined): StoredCustomer {
    const now = new Date().toISOString();
    const { attributes, retailer, ...fields } = input;
    if (current === undefined) this.#lastId += 1;
    const customer = {
      ...(current ?? { id: String(this.#lastId), status: 'ACTIVE', createdOn: now }),
      ...fields,
      ref: input.username,
      updatedOn: now,
      attributes: merge(current?.attributes ?? [], attributes ?? []),
      retailer: current?.retailer ?? retailer ?? { id: '1' },
    };
    this.customers.set(input.username, customer);
    this.onPut(customer);
    return customer;
  }
}

function merge(
  current: readonly StoredAttribute[],
  changes: readonly (StoredAttribute | null)[],
): readonly StoredAttribute[] {
  if (changes.length === 0) return current;
  const byName = new Map(current.map((attribute) => [attribute.name, attribute]));
  for (const change of changes) if (change !== null) byName.set(change.name, change);
  return [...byName.values()];
}

function checkLengths(input: CustomerInput): void {
  for (const [name, value] of Object.entries({ ...input, attributes: undefined })) {
    if (typeof value === 'string') checkLength(name, value, lengthOf(name));
  }
  for (const attribute of input.attributes ?? []) {
    if (attribute === null) continue;
    checkLength('attributes.name', attribute.name, OTHER_LENGTH);
    checkLength('attributes.type', attribute.type, OTHER_LENGTH);
  }
}

function checkLength(name: string, value: string, maximum: number): void {
  if (value.length <= maximum) return;
  throw refusal(
    'C0141E',
    `Field '${name}' is too long: ${value.length} characters, at most ${maximum}: '${value}'.`,
  );
}

const lengths = new Map<string, number>(Object.entries(LENGTHS));
function lengthOf(name: string): number {
  return lengths.get(name) ?? OTHER_LENGTH;
}
