import { z } from 'zod';
import {
  each,
  type NativeField,
  UPDATABLE_TEXT_FIELDS,
  type UpdatableField,
  type ValuesOf,
} from './native-fields.ts';

/** Fluent's attribute: unique by name; an update adds or replaces one, and nothing removes one. */
export interface Attribute {
  readonly name: string;
  readonly type: string;
  readonly value: unknown;
}

/** Fluent's `UpdateCustomerInput`: found by `username`, which nothing can rename. */
export interface UpdateCustomerInput extends ValuesOf<UpdatableField> {
  username: string;
  attributes?: Attribute[];
}

/** Fluent's `CreateCustomerInput`. */
export interface CreateCustomerInput extends ValuesOf<NativeField> {
  username: string;
  primaryEmail: string;
  promotionOptIn: boolean;
  attributes?: Attribute[];
  retailer: { id: string };
}

const text = z.string().nullish();

/** A customer as Fluent has it, in the fields that this service reads. */
export const FluentCustomer = z.object({
  username: text,
  ...each(UPDATABLE_TEXT_FIELDS, text),
  promotionOptIn: z.boolean().nullish(),
  attributes: z.array(z.object({ name: z.string(), type: z.string(), value: z.unknown() })).nullish(),
});

export type FluentCustomer = z.output<typeof FluentCustomer>;
