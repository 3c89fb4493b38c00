import type { Fluent } from './fluent.ts';

/** A Fluent account that says which fields each of its writes has blanked, where it has blanked any. */
export function tellBlanks<Client extends Fluent>(
  fluent: Client,
  tell: (fields: readonly string[]) => void,
): Client {
  return {
    ...fluent,
    async updateCustomer(
      input: Parameters<Fluent['updateCustomer']>[0],
      options: Parameters<Fluent['updateCustomer']>[1] = {},
    ) {
      const updated = await fluent.updateCustomer(input, options);
      if (options.blanks?.length) tell(options.blanks);
      return updated;
    },
  };
}
