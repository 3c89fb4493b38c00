import { z } from 'zod';
import { each, NATIVE_FIELD_NAMES } from '../../../src/handler.ts';
import { ExpressionSource } from './expression.ts';
import { findUnknownNames } from './unknown-names.ts';

const Name = z.string().min(1).max(255);

/** The JSONata expression for each Fluent field, evaluated over the commercetools customer. */
export const Mapping = z
  .strictObject({
    /** Definitions for several fields: `address` is `$address` in the fields, and in the definitions below it. */
    define: z.record(z.string().regex(/^[A-Za-z]\w*$/), ExpressionSource).default({}),
    username: ExpressionSource,
    ...each(NATIVE_FIELD_NAMES, ExpressionSource.optional()),
    // Required by Fluent.
    primaryEmail: ExpressionSource,
    attributes: z.record(Name, ExpressionSource).default({}),
  })
  .check(({ value, issues }) => {
    for (const { path, expected, found, advice } of findUnknownNames(value.define, fieldsOf(value)))
      issues.push({
        code: 'custom',
        path: [...path],
        input: found,
        message: expected,
        params: { found, advice },
        continue: true,
      });
  });

/** Returns every expression except the definitions, with its path. */
function fieldsOf({
  define: _,
  attributes,
  ...fields
}: {
  readonly define: unknown;
  readonly attributes: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}): { path: string[]; source: string }[] {
  const natives = Object.entries(fields).map(([name, source]) => ({ path: [name], source }));
  const named = Object.entries(attributes).map(([name, source]) => ({ path: ['attributes', name], source }));
  return [...natives, ...named].flatMap(({ path, source }) =>
    typeof source === 'string' ? [{ path, source }] : [],
  );
}

export type Mapping = z.output<typeof Mapping>;

/** The mapping of a route that has none; the same as in `config/connector.yml`. */
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
