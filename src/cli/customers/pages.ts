import type { Commercetools, Customer } from '../../commercetools/commercetools.ts';
import { RefusedRequest } from '../../commercetools/send-through.ts';
import { ConfigurationError } from '../../configuration-error.ts';
import { retry } from './retry.ts';

/** The position of the last customer on a page; the next page starts after it. */
export interface Position {
  readonly id: string;
  /** Set where the pages are ordered by the time of change. */
  readonly lastModifiedAt?: string | undefined;
}

/** A customer on a page; undefined for a requested id that does not exist in commercetools. */
export interface Item {
  readonly position: Position;
  readonly customer: Customer | undefined;
}

/** Which customers to read. A window is fixed once a run, so that customers changed meanwhile cannot shift the pages. */
export interface PageQuery {
  readonly where?: string | undefined;
  /** ISO 8601, both inclusive. */
  readonly window?: { readonly since: string; readonly until: string } | undefined;
  /** Must be sorted. */
  readonly ids?: readonly string[] | undefined;
}

const PAGE = 500;
/** The number of ids that fits into a URL. */
const IDS_A_PAGE = 100;

/** Reads customers page by page, by key: 500 at a time, in the order of their ids or, with a window, of their changes. */
export async function* readPages(
  { api }: Commercetools,
  query: PageQuery,
  after: Position | undefined,
  stop: AbortSignal,
): AsyncGenerator<readonly Item[]> {
  if (query.ids) {
    const left = query.ids.filter((id) => after === undefined || id > after.id);
    for (let start = 0; start < left.length; start += IDS_A_PAGE)
      yield await readIds(left.slice(start, start + IDS_A_PAGE));
    return;
  }
  for (let position = after; ; ) {
    const where = [...conditions(query), ...following(query, position)];
    const sort = query.window ? ['lastModifiedAt asc', 'id asc'] : 'id asc';
    const queryArgs = { ...(where.length > 0 && { where }), sort, limit: PAGE, withTotal: false };
    const { results } = await readPage(queryArgs);
    const items = results.map((customer) => ({
      position: { id: customer.id, ...(query.window && { lastModifiedAt: customer.lastModifiedAt }) },
      customer,
    }));
    if (items.length > 0) yield items;
    if (items.length < PAGE) return;
    position = items.at(-1)?.position;
  }

  async function readPage(queryArgs: {
    limit: number;
    withTotal: boolean;
    where?: string | string[];
    sort?: string | string[];
  }) {
    return (await retry(() => api.customers().get({ queryArgs }).execute(), stop)).body;
  }

  async function readIds(ids: readonly string[]): Promise<readonly Item[]> {
    const where = `id in (${ids.map((id) => JSON.stringify(id)).join(',')})`;
    const { results } = await readPage({ where, limit: ids.length, withTotal: false });
    const found = new Map(results.map((customer) => [customer.id, customer]));
    return ids.map((id) => ({ position: { id }, customer: found.get(id) }));
  }
}

/**
 * Counts the customers of a query. Throws a `ConfigurationError` with the error text of commercetools for an invalid `where`.
 */
export async function countCustomers({ api }: Commercetools, query: PageQuery): Promise<number> {
  if (query.ids) return query.ids.length;
  const where = conditions(query);
  const queryArgs = { ...(where.length > 0 && { where }), limit: 1, withTotal: true };
  try {
    return (await api.customers().get({ queryArgs }).execute()).body.total ?? 0;
  } catch (error) {
    if (!(error instanceof RefusedRequest) || query.where === undefined) throw error;
    throw new ConfigurationError([
      {
        where: 'option --where',
        expected: 'a valid predicate of commercetools, such as email = "ada@example.com"',
        found: `one that commercetools refuses: ${error.platformMessage}`,
        advice: 'https://docs.commercetools.com/api/predicates/query describes the language.',
      },
    ]);
  }
}

function conditions({ where, window }: PageQuery): string[] {
  return [
    ...(where === undefined ? [] : [where]),
    ...(window ? [`lastModifiedAt >= "${window.since}" and lastModifiedAt <= "${window.until}"`] : []),
  ];
}

function following({ window }: PageQuery, position: Position | undefined): string[] {
  if (!position) return [];
  const { id, lastModifiedAt } = position;
  if (!window || lastModifiedAt === undefined) return [`id > "${id}"`];
  return [`lastModifiedAt > "${lastModifiedAt}" or (lastModifiedAt = "${lastModifiedAt}" and id > "${id}")`];
}
