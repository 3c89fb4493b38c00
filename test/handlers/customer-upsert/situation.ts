import type { Customer } from '@commercetools/platform-sdk';
import type { z } from 'zod';
import { createMap, type Desired } from '../../../handlers/customer-upsert/mapping/map.ts';
import { DEFAULT_MAPPING, Mapping } from '../../../handlers/customer-upsert/mapping/mapping.ts';
import type { Plan, Situation } from '../../../handlers/customer-upsert/plan.ts';
import { type ClaimKind, claimAttribute, type Owner } from '../../../handlers/customer-upsert/record.ts';
import type { FluentCustomer, UpdateCustomerInput } from '../../../src/handler.ts';

export type MappingChanges = Partial<z.input<typeof Mapping>>;

/** The customer of the tests, with the default mapping. */
export const CUSTOMER: Customer = {
  id: 'me',
  version: 3,
  createdAt: '2026-03-02T09:15:00.384Z',
  lastModifiedAt: '2026-03-02T09:15:00.384Z',
  email: 'amba@example.com',
  firstName: 'Amba',
  lastName: 'Birkvale',
  key: 'k-1',
  addresses: [{ id: 'home', country: 'DE', phone: '+49 1' }],
  shippingAddressIds: [],
  billingAddressIds: [],
  isEmailVerified: true,
  stores: [],
  customerGroupAssignments: [],
  authenticationMode: 'Password',
};
export const ME: Owner = { project: 'p', id: CUSTOMER.id };
export const OTHER: Owner = { project: 'p', id: 'other' };
export const THIRD: Owner = { project: 'q', id: 'third' };

/** The wanted customer in Fluent. */
export function desiredFor(
  changes: Partial<Customer> = {},
  mapping: MappingChanges = {},
  project = ME.project,
): Promise<Desired> {
  const map = createMap(Mapping.parse({ ...DEFAULT_MAPPING, ...mapping }));
  return map.map({ ...CUSTOMER, ...changes }, project);
}

/** A situation of a customer without contention; `changes` override its fields. */
export function situation(changes: Partial<Situation>): Situation {
  return {
    me: ME,
    username: 'u',
    desired: undefined,
    absence: 'gone',
    record: undefined,
    freshness: 'looked-up',
    standings: new Map(),
    copy: undefined,
    deletedVersion: 0,
    onDelete: 'ignore',
    isContended: true,
    mappedAttributes: Object.keys(DEFAULT_MAPPING.attributes ?? {}),
    retailerId: '7',
    ...changes,
  };
}

/** Fluent's customer as a run of its owner would have written it. */
export function copyOf(
  { project, id }: Owner,
  changes: Partial<FluentCustomer> = {},
  version = CUSTOMER.version,
): FluentCustomer {
  const { attributes = [], ...fields } = changes;
  return {
    username: 'u',
    firstName: 'Amba',
    lastName: 'Birkvale',
    primaryEmail: 'amba@example.com',
    primaryPhone: '+49 1',
    country: 'DE',
    promotionOptIn: false,
    ...fields,
    attributes: [
      { name: 'key', type: 'STRING', value: 'k-1' },
      { name: 'commercetoolsId', type: 'STRING', value: id },
      { name: 'commercetoolsProject', type: 'STRING', value: project },
      { name: 'commercetoolsVersion', type: 'INTEGER', value: version },
      ...(attributes ?? []),
    ],
  };
}

/** Fluent's customer with claims on its username. */
export function claimed(
  record: FluentCustomer,
  ...claims: readonly (readonly [owner: Owner, claim: ClaimKind, from?: Owner])[]
): FluentCustomer {
  const added = claims.map((claim) => claimAttribute(...claim));
  return { ...record, attributes: [...(record.attributes ?? []), ...added] };
}

/** Returns the input of a write; fails for a plan without one. */
export function inputOf(plan: Plan): UpdateCustomerInput {
  if (plan.kind === 'nothing') throw new Error(`Expected a write, got ${plan.outcome.reason}.`);
  return plan.input;
}

/** Attributes by name. */
export function attributesOf({ attributes }: Pick<UpdateCustomerInput, 'attributes'>) {
  return Object.fromEntries((attributes ?? []).map(({ name, value }) => [name, value]));
}

/** Returns the claims in the attributes of a write, by claimant. */
export function claimsIn(input: UpdateCustomerInput) {
  return Object.fromEntries(
    Object.entries(attributesOf(input)).flatMap(([name, value]) =>
      name.startsWith('commercetoolsClaim.') ? [[name.slice('commercetoolsClaim.'.length), value]] : [],
    ),
  );
}
