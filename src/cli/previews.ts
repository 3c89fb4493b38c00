import { ConfigurationError } from '../configuration-fault.ts';
import type { Preview } from '../handler.ts';
import { type CustomerWork, changeOf } from './customer-work.ts';
import type { Item } from './pages.ts';

/** Previews customers of pages. Throws a `ConfigurationError` when the handler cannot preview. */
export function previewerOf(work: CustomerWork): (page: readonly Item[]) => Promise<Preview[]> {
  const { preview, route, account, pages } = work;
  if (!preview)
    throw new ConfigurationError([
      {
        where: `handlers/${route.handler.source}`,
        expected: 'a handler that can say what it would do',
        found: 'one without `createPreview`',
        advice:
          'Give it one; see src/handler.ts. A handler that builds upon the shipped one has it by `...shipped`.',
      },
    ]);
  return async (page) => {
    const customers = page.flatMap(({ customer }) => customer ?? []);
    pages.hold(customers);
    try {
      const { projectKey } = account.account;
      return await Promise.all(
        page.map(({ position: { id }, customer }) => preview(changeOf(projectKey, id, customer))),
      );
    } finally {
      pages.release(customers);
    }
  };
}
