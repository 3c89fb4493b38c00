import type { Fluent } from './fluent.ts';

/** Wraps a Fluent account; `report` is called with the fields that a write has blanked. */
export function reportBlanks<Client extends Fluent>(
  fluent: Client,
  report: (fields: readonly string[]) => void,
): Client {
  return {
    ...fluent,
    async updateCustomer(
      input: Parameters<Fluent['updateCustomer']>[0],
      options: Parameters<Fluent['updateCustomer']>[1] = {},
    ) {
      const updated = await fluent.updateCustomer(input, options);
      if (options.blanks?.length) report(options.blanks);
      return updated;
    },
  };
}
