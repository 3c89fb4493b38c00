import { ConfigurationError } from '../../configuration-error.ts';
import type { Preview } from '../../handler.ts';
import { Failure, Rejection } from '../../outcome.ts';
import { isAccountFault } from './fatal-reasons.ts';
import type { Item } from './pages.ts';
import { type CustomerWork, changeOf } from './pipeline.ts';

/** Why one customer could not be previewed. */
export interface Undecided {
  readonly undecided: string;
}

/**
 * Previews customers of pages. Throws a failure that affects every customer, and a `ConfigurationError` when the handler cannot
 * preview.
 */
export function previewerOf(work: CustomerWork): (page: readonly Item[]) => Promise<(Preview | Undecided)[]> {
  const { preview, route, account, pages } = work;
  if (!preview)
    throw new ConfigurationError([
      {
        where: route.handler.source,
        expected: 'a handler with `createPreview`',
        found: 'one without it',
        advice:
          'Add one; see src/handler.ts. A handler that extends the shipped one inherits it by `...shipped`.',
      },
    ]);
  return async (page) => {
    const customers = page.flatMap(({ customer }) => customer ?? []);
    pages.hold(customers);
    try {
      const { projectKey } = account.account;
      return await Promise.all(
        page.map(({ position: { id }, customer }) => decided(preview(changeOf(projectKey, id, customer)))),
      );
    } finally {
      pages.release(customers);
    }
  };
}

/** The preview of one customer, or the reason why it failed. Throws a failure that affects every customer. */
export async function decided<Seen>(preview: Promise<Seen>): Promise<Seen | Undecided> {
  try {
    return await preview;
  } catch (error) {
    if (error instanceof Rejection) return { undecided: error.reason };
    if (error instanceof Failure && !isAccountFault(error.reason)) return { undecided: error.reason };
    throw error;
  }
}
