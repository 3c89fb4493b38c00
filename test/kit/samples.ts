import type { Customer, Event, FluentCustomer } from '../../src/handler.ts';

const ID = '11111111-1111-4111-8111-111111111111';
const AT = '2026-01-01T00:00:00.000Z';

/** An invented commercetools customer; a test overrides fields. */
export function sampleCustomer(fields: Partial<Customer> = {}): Customer {
  return {
    id: ID,
    version: 1,
    createdAt: AT,
    lastModifiedAt: AT,
    email: 'ada@example.com',
    firstName: 'Ada',
    lastName: 'Example',
    addresses: [{ id: 'home', country: 'NL', phone: '+31 20 555 0100' }],
    defaultShippingAddressId: 'home',
    shippingAddressIds: ['home'],
    billingAddressIds: [],
    isEmailVerified: true,
    stores: [],
    customerGroupAssignments: [],
    authenticationMode: 'Password',
    ...fields,
  };
}

/** An invented Fluent customer; a test overrides fields. */
export function sampleFluentCustomer(fields: Partial<FluentCustomer> = {}): FluentCustomer {
  return {
    username: ID,
    firstName: 'Ada',
    lastName: 'Example',
    primaryEmail: 'ada@example.com',
    promotionOptIn: false,
    attributes: [],
    ...fields,
  };
}

/** An event about a changed resource, `customer/1111…` by default. */
export function sampleEvent({ typeId = 'customer', id = ID, ...fields }: EventFields = {}): Event {
  const { kind = 'ResourceUpdated', version = 1 } = fields;
  const identity = `${typeId}/${id}@${version}`;
  const resource = { typeId, id, identifiers: {} };
  return { identity, kind, resource, deletion: kind === 'ResourceDeleted', ...fields, version };
}

/** The fields of an event, and the type and id of its resource. */
export type EventFields = Partial<Event> & { readonly typeId?: string; readonly id?: string };

/** Creates the notification about a change of a resource. */
export function notificationOf(
  {
    id,
    version,
    typeId = 'customer',
  }: { readonly id: string; readonly version: number; readonly typeId?: string },
  notificationType: 'ResourceCreated' | 'ResourceUpdated' | 'ResourceDeleted' = 'ResourceUpdated',
): Readonly<Record<string, unknown>> {
  return { notificationType, resource: { typeId, id }, version };
}
