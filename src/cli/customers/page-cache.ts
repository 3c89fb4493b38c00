import type { CommercetoolsClient, Customer } from '../../commercetools/commercetools.ts';

/** A project whose customers are not read again where a page has just brought them. */
export interface PageReads {
  readonly commercetools: CommercetoolsClient;
  hold(customers: readonly Customer[]): void;
  release(customers: readonly Customer[]): void;
}

/**
 * Answers reads from the pages that are held, where those satisfy `atLeast`. `readVersion` is never answered from them: it
 * notices that a customer has changed since its page was read, and then the page is no answer any more.
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
