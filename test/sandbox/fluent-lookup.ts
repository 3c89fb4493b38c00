import { GraphQLError } from 'graphql';
import type { StoredCustomer } from './fluent-customers.ts';

type Filter = readonly (string | null)[] | null;

/** The arguments of `customers`, after the schema has checked them. */
export interface LookUp {
  readonly ref?: Filter;
  readonly username?: Filter;
  readonly primaryEmail?: Filter;
  readonly first?: number | null;
  readonly last?: number | null;
  readonly before?: string | null;
  readonly after?: string | null;
}

/** One page of `customers`. Fluent has no `endCursor`. */
export interface CustomerConnection {
  readonly edges: readonly { readonly node: StoredCustomer; readonly cursor: string }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly hasPreviousPage: boolean };
}

const DEFAULT_PAGE = 10;
const LARGEST_PAGE = 5000;

/** Answers `customers`: filters, orders by age and cuts a page. Throws for an unknown cursor. */
export function lookUp(
  customers: ReadonlyMap<string, StoredCustomer>,
  { ref, username, primaryEmail, first, last, before, after }: LookUp,
): CustomerConnection {
  const tests = [
    { filter: ref, field: 'ref' },
    { filter: username, field: 'username' },
    { filter: primaryEmail, field: 'primaryEmail' },
  ] as const;
  const matchers = tests.flatMap(({ filter, field }) =>
    filter ? [{ field, matches: compile(present(filter)) }] : [],
  );
  const found = candidates(customers, username ?? ref)
    .filter((customer) => matchers.every(({ field, matches }) => matches(customer[field] ?? '')))
    .sort((one, other) => Number(one.id) - Number(other.id));

  const lower = after == null ? 0 : position(after);
  const upper = before == null ? Number.POSITIVE_INFINITY : position(before);
  const range = found.filter(({ id }) => Number(id) > lower && Number(id) < upper);
  const page = cut(range, first, last);
  const oldest = Number(page[0]?.id ?? upper);
  const newest = Number(page.at(-1)?.id ?? lower);
  return {
    edges: page.map((node) => ({ node, cursor: Buffer.from(node.id).toString('base64url') })),
    pageInfo: {
      hasNextPage: found.some(({ id }) => Number(id) > newest),
      hasPreviousPage: found.some(({ id }) => Number(id) < oldest),
    },
  };
}

/** Finds usernames without a wildcard by key, so that the cost of a look-up does not depend on the number of customers. */
function candidates(
  customers: ReadonlyMap<string, StoredCustomer>,
  filter: Filter | undefined,
): StoredCustomer[] {
  const keys = filter ? present(filter) : [];
  if (keys.length === 0 || keys.some((key) => key.includes('%'))) return [...customers.values()];
  return [...new Set(keys)].flatMap((key) => customers.get(key) ?? []);
}

function present(filter: readonly (string | null)[]): string[] {
  return filter.filter((value) => value !== null);
}

function compile(values: readonly string[]): (value: string) => boolean {
  const exact = new Set(values.filter((value) => !value.includes('%')));
  const patterns = values
    .filter((value) => value.includes('%'))
    .map((value) => new RegExp(`^${value.split('%').map(RegExp.escape).join('.*')}$`, 's'));
  return (value) => exact.has(value) || patterns.some((pattern) => pattern.test(value));
}

function cut(range: StoredCustomer[], first?: number | null, last?: number | null): StoredCustomer[] {
  if (last == null) return range.slice(0, size(first ?? DEFAULT_PAGE));
  const head = first == null ? range : range.slice(0, size(first));
  return head.slice(Math.max(0, head.length - size(last)));
}

function size(first: number): number {
  return Math.min(Math.max(first, 0), LARGEST_PAGE);
}

function position(cursor: string): number {
  const id = Buffer.from(cursor, 'base64url').toString();
  if (!/^\d+$/.test(id)) throw new GraphQLError(`Cursor '${cursor}' is not one of this connection.`);
  return Number(id);
}
