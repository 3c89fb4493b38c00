import {
  ChangeSubscriptionResourceTypeIdValues,
  type Message,
  MessageSubscriptionResourceTypeIdValues,
  type SubscriptionNotification,
} from './commercetools.ts';

/** The resource types that a commercetools subscription can name, for changes or for Messages. */
export const RESOURCE_TYPES: readonly string[] = [
  ...new Set<string>([
    ...Object.values(ChangeSubscriptionResourceTypeIdValues),
    ...Object.values(MessageSubscriptionResourceTypeIdValues),
  ]),
].sort();

/** What a notification can be. */
export const NOTIFICATION_TYPES: readonly string[] = Object.keys({
  ResourceCreated: true,
  ResourceUpdated: true,
  ResourceDeleted: true,
  Message: true,
  Event: true,
} satisfies Record<SubscriptionNotification['notificationType'], true>);

/** The types of Messages about customers, and of what is named after them. The set is open: commercetools adds to it. */
export const CUSTOMER_MESSAGE_TYPES: readonly string[] = Object.keys({
  CustomerAddressAdded: true,
  CustomerAddressChanged: true,
  CustomerAddressCustomFieldAdded: true,
  CustomerAddressCustomFieldChanged: true,
  CustomerAddressCustomFieldRemoved: true,
  CustomerAddressCustomTypeRemoved: true,
  CustomerAddressCustomTypeSet: true,
  CustomerAddressRemoved: true,
  CustomerBillingAddressAdded: true,
  CustomerBillingAddressRemoved: true,
  CustomerCompanyNameSet: true,
  CustomerCreated: true,
  CustomerCustomFieldAdded: true,
  CustomerCustomFieldChanged: true,
  CustomerCustomFieldRemoved: true,
  CustomerCustomTypeRemoved: true,
  CustomerCustomTypeSet: true,
  CustomerDateOfBirthSet: true,
  CustomerDefaultBillingAddressSet: true,
  CustomerDefaultShippingAddressSet: true,
  CustomerDeleted: true,
  CustomerEmailChanged: true,
  CustomerEmailTokenCreated: true,
  CustomerEmailVerified: true,
  CustomerExternalIdSet: true,
  CustomerFirstNameSet: true,
  CustomerGroupAssignmentAdded: true,
  CustomerGroupAssignmentRemoved: true,
  CustomerGroupAssignmentsSet: true,
  CustomerGroupCustomFieldAdded: true,
  CustomerGroupCustomFieldChanged: true,
  CustomerGroupCustomFieldRemoved: true,
  CustomerGroupCustomTypeRemoved: true,
  CustomerGroupCustomTypeSet: true,
  CustomerGroupSet: true,
  CustomerLastNameSet: true,
  CustomerPasswordTokenCreated: true,
  CustomerPasswordUpdated: true,
  CustomerShippingAddressAdded: true,
  CustomerShippingAddressRemoved: true,
  CustomerStoresSet: true,
  CustomerTitleSet: true,
} satisfies Record<Extract<Message['type'], `Customer${string}`>, true>);
