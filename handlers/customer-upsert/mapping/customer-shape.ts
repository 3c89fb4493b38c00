import type { Customer } from '../../../src/handler.ts';

/** The field names of a value, each with the shape of the field's value; undefined if any names are allowed. */
export interface Shape {
  /** Used in error messages, such as "a field of an address". */
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

/** The customer that a mapping reads, without the password's hash. The compiler compares the list with the type of the SDK. */
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
