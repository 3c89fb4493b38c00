import { randomUUID } from 'node:crypto';
import type { Customer } from '@commercetools/platform-sdk';

/** A published notification in commercetools' Platform format. */
export type Payload = Readonly<Record<string, unknown>>;

/** A customer before and after a change; `before` is undefined for a creation, `after` for a deletion. */
export interface Change {
  readonly before: Customer | undefined;
  readonly after: Customer | undefined;
  readonly dataErasure?: boolean;
  /** The update actions, for the Messages. */
  readonly actions?: readonly string[];
}

/** The update actions that produce a Message. Other actions produce a ResourceUpdated only. */
const MESSAGES: Readonly<Record<string, string>> = {
  changeEmail: 'CustomerEmailChanged',
  setFirstName: 'CustomerFirstNameSet',
  setLastName: 'CustomerLastNameSet',
  setTitle: 'CustomerTitleSet',
  setCompanyName: 'CustomerCompanyNameSet',
  setDateOfBirth: 'CustomerDateOfBirthSet',
  setExternalId: 'CustomerExternalIdSet',
  setCustomerGroup: 'CustomerGroupSet',
  setStores: 'CustomerStoresSet',
  addAddress: 'CustomerAddressAdded',
  changeAddress: 'CustomerAddressChanged',
  removeAddress: 'CustomerAddressRemoved',
  addBillingAddressId: 'CustomerBillingAddressAdded',
  removeBillingAddressId: 'CustomerBillingAddressRemoved',
  addShippingAddressId: 'CustomerShippingAddressAdded',
  removeShippingAddressId: 'CustomerShippingAddressRemoved',
  setDefaultBillingAddress: 'CustomerDefaultBillingAddressSet',
  setDefaultShippingAddress: 'CustomerDefaultShippingAddressSet',
};

/** ResourceCreated, ResourceUpdated or ResourceDeleted for a change of a customer. */
export function changeOf(projectKey: string, change: Change): Payload {
  const { before, after, dataErasure } = change;
  const customer = after ?? before;
  const base = {
    projectKey,
    resource: { typeId: 'customer', id: customer?.id },
    ...identifiersOf(customer),
    version: customer?.version,
  };
  if (after === undefined) {
    const erasure = dataErasure === undefined ? {} : { dataErasure };
    return { notificationType: 'ResourceDeleted', ...base, modifiedAt: new Date().toISOString(), ...erasure };
  }
  const modifiedAt = after.lastModifiedAt;
  if (before === undefined) return { notificationType: 'ResourceCreated', ...base, modifiedAt };
  return { notificationType: 'ResourceUpdated', ...base, oldVersion: before.version, modifiedAt };
}

/** Creates the Messages of customers, with sequence numbers for each customer. */
export class Messages {
  readonly #numbers = new Map<string, number>();

  of(projectKey: string, change: Change): Payload[] {
    const customer = change.after ?? change.before;
    if (customer === undefined) return [];
    return typesOf(change).map((type) => {
      const sequenceNumber = (this.#numbers.get(customer.id) ?? 0) + 1;
      this.#numbers.set(customer.id, sequenceNumber);
      const at = new Date().toISOString();
      return {
        notificationType: 'Message',
        projectKey,
        id: randomUUID(),
        version: 1,
        sequenceNumber,
        resource: { typeId: 'customer', id: customer.id },
        resourceVersion: customer.version,
        resourceUserProvidedIdentifiers: {},
        ...identifiersOf(customer),
        type,
        createdAt: at,
        lastModifiedAt: at,
      };
    });
  }
}

/** The test notification that is sent when a subscription is created or its destination changes. */
export function testOf(projectKey: string, subscriptionId: string): Payload {
  return {
    notificationType: 'ResourceCreated',
    projectKey,
    resource: { typeId: 'subscription', id: subscriptionId },
    version: 1,
    modifiedAt: new Date().toISOString(),
  };
}

function typesOf({ before, after, actions = [] }: Change): string[] {
  if (before === undefined) return ['CustomerCreated'];
  if (after === undefined) return ['CustomerDeleted'];
  return actions.map((action) => MESSAGES[action]).filter((type) => type !== undefined);
}

function identifiersOf(customer: Customer | undefined): Record<string, unknown> {
  const { key, externalId, customerNumber } = customer ?? {};
  const given = Object.entries({ key, externalId, customerNumber }).filter(
    ([, value]) => value !== undefined,
  );
  return given.length === 0 ? {} : { resourceUserProvidedIdentifiers: Object.fromEntries(given) };
}
