import type { CustomerDraft } from '@commercetools/platform-sdk';
import { Refusal } from './commercetools-answer.ts';
import type { CustomerTable } from './commercetools-table.ts';

/**
 * Throws a 400 if another customer of the project has the same e-mail address, key or customer number. Deleted customers do not
 * count, and an external id need not be unique. `id` is the customer itself, if it exists already.
 */
export function requireUnique(
  { byEmail, byKey, byNumber }: CustomerTable,
  { email, key, customerNumber }: Pick<CustomerDraft, 'email' | 'key' | 'customerNumber'>,
  id?: string,
): void {
  const lowercase = email.toLowerCase();
  for (const [field, value, holder] of [
    ['email', lowercase, byEmail.get(lowercase)],
    ['key', key, key === undefined ? undefined : byKey.get(key)],
    [
      'customerNumber',
      customerNumber,
      customerNumber === undefined ? undefined : byNumber.get(customerNumber),
    ],
  ] as const) {
    if (holder === undefined || holder.customer.id === id) continue;
    const message = `A duplicate value '"${value}"' exists for field '${field}'.`;
    throw new Refusal(400, 'DuplicateField', message, { field, duplicateValue: value });
  }
}
