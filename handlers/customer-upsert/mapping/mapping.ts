import { z } from 'zod';
import { each, NATIVE_FIELD_NAMES } from '../../../src/handler.ts';
import { ExpressionSource } from './expression.ts';

const Name = z.string().min(1).max(255);

/** Where each Fluent field comes from, in JSONata over the commercetools customer. */
export const Mapping = z.strictObject({
  /** Names for what several fields use: `address` is `$address` in the others, and in the definitions below it. */
  define: z.record(z.string().regex(/^[A-Za-z]\w*$/), ExpressionSource).default({}),
  username: ExpressionSource,
  ...each(NATIVE_FIELD_NAMES, ExpressionSource.optional()),
  // Fluent requires it.
  primaryEmail: ExpressionSource,
  attributes: z.record(Name, ExpressionSource).default({}),
});

export type Mapping = z.output<typeof Mapping>;

/** What `config/connector.yml` writes out; used where a route gives no mapping of its own. */
export const DEFAULT_MAPPING: z.input<typeof Mapping> = {
  define: {
    address:
      'addresses[id = $$.defaultShippingAddressId] ?? addresses[id = $$.defaultBillingAddressId] ?? addresses[0]',
  },
  username: 'id',
  title: 'title',
  firstName: 'firstName',
  lastName: 'lastName',
  primaryEmail: 'email',
  primaryPhone: '$address.phone ?: $address.mobile',
  country: '$address.country',
  attributes: {
    customerNumber: 'customerNumber',
    externalId: 'externalId',
    key: 'key',
    companyName: 'companyName',
    vatId: 'vatId',
    dateOfBirth: 'dateOfBirth',
    locale: 'locale',
  },
};
