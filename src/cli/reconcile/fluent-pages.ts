import { z } from 'zod';
import type { Fluent } from '../../fluent/fluent.ts';
import { retry } from '../customers/retry.ts';

const PAGE = 500;
const QUERY =
  'query Customers($first: Int, $after: String) { customers(first: $first, after: $after) { edges { cursor node { username retailer { id } attributes { name value } } } pageInfo { hasNextPage } } }';

const Node = z.object({
  username: z.string().nullish(),
  retailer: z.object({ id: z.coerce.string() }).nullish(),
  attributes: z.array(z.object({ name: z.string(), value: z.unknown() })).nullish(),
});

const Answer = z.object({
  customers: z.object({
    edges: z.array(z.object({ cursor: z.string().nullish(), node: Node.nullish() }).nullish()),
    pageInfo: z.object({ hasNextPage: z.boolean().nullish() }).nullish(),
  }),
});

/** A customer in Fluent that is a copy of one in commercetools. */
export interface Copy {
  /** The id of the commercetools customer. */
  readonly id: string;
  /** The key of its commercetools project; undefined if Fluent does not hold it. */
  readonly projectKey: string | undefined;
  readonly username: string;
  readonly identifiers: {
    readonly key?: string;
    readonly externalId?: string;
    readonly customerNumber?: string;
  };
}

/** The Fluent attributes that hold the id and the project of the commercetools customer. */
export interface CopyAttributes {
  readonly idAttribute: string;
  readonly projectAttribute?: string | undefined;
}

/**
 * Reads the copies of a retailer in Fluent, 500 customers a page. Fluent has no cursor of a page, so the last edge's is used.
 */
export async function* readFluentPages(
  fluent: Fluent,
  retailerId: string,
  names: CopyAttributes,
  stop: AbortSignal,
): AsyncGenerator<readonly Copy[]> {
  for (let after: string | undefined; ; ) {
    const variables = { first: PAGE, ...(after !== undefined && { after }) };
    const { customers } = Answer.parse(await retry(() => fluent.request(QUERY, variables), stop));
    const nodes = customers.edges.flatMap((edge) => edge?.node ?? []);
    yield nodes
      .filter(({ retailer }) => retailer?.id === retailerId)
      .flatMap((node) => copyOf(node, names) ?? []);
    const last = customers.edges.at(-1)?.cursor ?? undefined;
    if (!customers.pageInfo?.hasNextPage || last === undefined || last === after) return;
    after = last;
  }
}

function copyOf(
  { username, attributes }: z.output<typeof Node>,
  { idAttribute, projectAttribute = '' }: CopyAttributes,
): Copy | undefined {
  const held = new Map(attributes?.map(({ name, value }) => [name, value]));
  const id = held.get(idAttribute);
  if (!username || typeof id !== 'string' || !/^[\w-]+$/.test(id)) return undefined;
  const text = (name: string): Record<string, string> => {
    const value = held.get(name);
    return typeof value === 'string' && value !== '' ? { [name]: value } : {};
  };
  const projectKey = text(projectAttribute)[projectAttribute];
  return {
    id,
    projectKey,
    username,
    identifiers: { ...text('key'), ...text('externalId'), ...text('customerNumber') },
  };
}
