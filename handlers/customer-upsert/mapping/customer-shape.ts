import type { Customer } from '../../../src/handler.ts';

/** The names that a value has, each with the shape of its own value; undefined where any name may follow. */
export interface Shape {
  /** As in "a field of an address". */
  readonly title: string;
  readonly fields: Readonly<Record<string, Shape | undefined>>;
}

type FieldsOf<Value> = Readonly<Record<keyof Value, Shape | undefined>>;

const custom = {
  title: 'custom',
  fields: { type: undefined, fields: undefined } satisfies FieldsOf<NonNullable<Customer['custom']>>,
};

const address = {
  title: 'an address',
  fields: {
    id: undefined,
    key: undefined,
    country: undefined,
    title: undefined,
    salutation: undefined,
    firstName: undefined,
    lastName: undefined,
    streetName: undefined,
    streetNumber: undefined,
    additionalStreetInfo: undefined,
    postalCode: undefined,
    city: undefined,
    region: undefined,
    state: undefined,
    company: undefined,
    department: undefined,
    building: undefined,
    apartment: undefined,
    pOBox: undefined,
    phone: undefined,
    mobile: undefined,
    email: undefined,
    fax: undefined,
    additionalAddressInfo: undefined,
    externalId: undefined,
    custom,
  } satisfies FieldsOf<Customer['addresses'][number]>,
};

/** A commercetools customer as a mapping sees it: without the hash of the password. The type of the SDK holds the list to it. */
export const CUSTOMER: Shape = {
  title: 'a commercetools customer',
  fields: {
    id: undefined,
    version: undefined,
    key: undefined,
    customerNumber: undefined,
    externalId: undefined,
    createdAt: undefined,
    createdBy: undefined,
    lastModifiedAt: undefined,
    lastModifiedBy: undefined,
    email: undefined,
    isEmailVerified: undefined,
    firstName: undefined,
    middleName: undefined,
    lastName: undefined,
    title: undefined,
    salutation: undefined,
    dateOfBirth: undefined,
    companyName: undefined,
    vatId: undefined,
    addresses: address,
    shippingAddressIds: undefined,
    defaultShippingAddressId: undefined,
    billingAddressIds: undefined,
    defaultBillingAddressId: undefined,
    customerGroup: undefined,
    customerGroupAssignments: undefined,
    custom,
    locale: undefined,
    stores: undefined,
    authenticationMode: undefined,
  } satisfies FieldsOf<Omit<Customer, 'password'>>,
};
