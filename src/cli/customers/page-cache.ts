import type { CommercetoolsClient, Customer } from '../../commercetools/commercetools.ts';

/** A commercetools project that answers reads from recently read pages. */
export interface PageReads {
  readonly commercetools: CommercetoolsClient;
  hold(customers: readonly Customer[]): void;
  release(customers: readonly Customer[]): void;
}

/**
 * Answers reads from the cached pages where these satisfy `atLeast`. `readVersion` always reads from commercetools, to detect
 * that a customer has changed since its page was read.
 */
export function createPageReads(commercetools: CommercetoolsClient): PageReads {
  const held = new Map<string, Customer>();
  return {
    commercetools: {
      ...commercetools,
      async readCustomer(id, options = {}) {
        const customer = held.get(id);
        if (customer && customer.version >= (options.atLeast ?? 0)) return customer;
        return commercetools.readCustomer(id, options);
      },
      async readVersion(id) {
        const version = await commercetools.readVersion(id);
        if (held.get(id)?.version !== version) held.delete(id);
        return version;
      },
    },
    hold(customers) {
      for (const customer of customers) held.set(customer.id, customer);
    },
    release(customers) {
      for (const { id } of customers) held.delete(id);
    },
  };
}
