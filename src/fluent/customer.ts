import { z } from 'zod';

/** The longest value of each text field, in characters; one with no stated maximum takes 255. Source: Fluent's schema. */
export const LENGTHS = {
  username: 250,
  title: 50,
  department: 255,
  country: 100,
  firstName: 50,
  lastName: 50,
  primaryEmail: 250,
  primaryPhone: 20,
  timezone: 32,
} as const;

export type TextField = keyof typeof LENGTHS;

/** Fluent's attribute: unique by name; an update adds or replaces one, and nothing removes one. */
export interface Attribute {
  readonly name: string;
  readonly type: string;
  readonly value: unknown;
}

/** Fluent's `UpdateCustomerInput`: found by `username`, which nothing can rename. */
export interface UpdateCustomerInput {
  username: string;
  title?: string;
  country?: string;
  firstName?: string;
  lastName?: string;
  primaryEmail?: string;
  primaryPhone?: string;
  timezone?: string;
  promotionOptIn?: boolean;
  attributes?: Attribute[];
}

/** Fluent's `CreateCustomerInput`. */
export interface CreateCustomerInput extends UpdateCustomerInput {
  primaryEmail: string;
  promotionOptIn: boolean;
  department?: string;
  retailer: { id: string };
}

const text = z.string().nullish();

/** A customer as Fluent has it, in the fields that this service reads. */
export const FluentCustomer = z.object({
  username: text,
  title: text,
  country: text,
  firstName: text,
  lastName: text,
  primaryEmail: text,
  primaryPhone: text,
  timezone: text,
  promotionOptIn: z.boolean().nullish(),
  attributes: z.array(z.object({ name: z.string(), type: z.string(), value: z.unknown() })).nullish(),
});

export type FluentCustomer = z.output<typeof FluentCustomer>;
