import type { CreateCustomerInput, UpdateCustomerInput } from '../../src/handler.ts';
import type { Plan } from './plan.ts';
import { attributeField, ID_ATTRIBUTE, PROJECT_ATTRIBUTE, VERSION_ATTRIBUTE } from './record.ts';

/** Written always, so that they say nothing of what has changed. */
const ALWAYS = new Set([
  'username',
  'retailer',
  ...[ID_ATTRIBUTE, PROJECT_ATTRIBUTE, VERSION_ATTRIBUTE].map(attributeField),
]);

/** Names of the fields of the customer that a write changes; `attributes.<name>` for attributes. */
export function changedFields(write: Exclude<Plan, { kind: 'nothing' }>): string[] {
  // A write without a reason is another customer's, or a claim.
  if (write.kind === 'update' && write.reason === undefined) return [];
  const names =
    write.kind === 'update' && write.reason === 'updated' ? write.differing : namesIn(write.input);
  return names.filter((name) => !ALWAYS.has(name));
}

function namesIn({ attributes = [], ...fields }: CreateCustomerInput | UpdateCustomerInput): string[] {
  return [...Object.keys(fields), ...attributes.map(({ name }) => attributeField(name))];
}
