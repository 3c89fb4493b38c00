import type { Fluent } from '../../fluent/fluent.ts';
import { Rejection } from '../../outcome.ts';

/** A Fluent account that refuses writes, for `--dry-run` and comparisons. */
export function readOnly(fluent: Fluent): Fluent {
  async function refuse(): Promise<never> {
    throw new Rejection(
      'read-only',
      'Expected no write to Fluent from a preview, got one; nothing was written.',
    );
  }
  return {
    findCustomer: (username, options) => fluent.findCustomer(username, options),
    createCustomer: refuse,
    updateCustomer: refuse,
    request: (query, ...rest) => (/\bmutation\b/.test(query) ? refuse() : fluent.request(query, ...rest)),
  };
}
