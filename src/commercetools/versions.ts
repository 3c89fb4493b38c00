import { z } from 'zod';
import { UpstreamFault } from '../upstream/fault.ts';
import { GraphqlError } from '../upstream/graphql-error.ts';

/** The body of a GraphQL request to commercetools. */
export interface GraphqlRequest {
  readonly query: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** Builds the request for the versions of customers, each looked up by its id; the alias of `ids[i]` is `c<i>`. */
export function versionsRequest(ids: readonly string[]): GraphqlRequest {
  const parameters = ids.map((_, index) => `$i${index}: String`).join(', ');
  const selections = ids.map((_, index) => `c${index}: customer(id: $i${index}) { id version }`).join(' ');
  return {
    query: `query Versions(${parameters}) { ${selections} }`,
    variables: Object.fromEntries(ids.map((id, index) => [`i${index}`, id])),
  };
}

const Answer = z.object({
  data: z.record(z.string(), z.object({ id: z.string(), version: z.int() }).nullable()).nullish(),
  errors: z.array(GraphqlError).nullish(),
});

/**
 * Reads the version of each customer: undefined for one that does not exist, an error for one that failed. Throws an
 * `UpstreamFault` of the kind `final` if the whole request failed.
 */
export function versionsIn(
  upstream: string,
  ids: readonly string[],
  body: unknown,
): (number | undefined | Error)[] {
  const answer = Answer.safeParse(body);
  if (!answer.success) throw unreadable(upstream);
  const { data, errors } = answer.data;
  const whole = errors?.find(({ path }) => !path?.length) ?? (data ? undefined : errors?.[0]);
  if (whole) throw errorOf(upstream, whole.extensions?.code);
  const codes = new Map(errors?.map(({ path, extensions }) => [path?.[0], extensions?.code ?? 'unknown']));
  return ids.map((id, index) => {
    const code = codes.get(`c${index}`);
    if (code !== undefined && code !== 'ResourceNotFound') return errorOf(upstream, code);
    const found = data?.[`c${index}`];
    if (found === undefined || (found && found.id !== id)) return unreadable(upstream);
    return found?.version;
  });
}

function unreadable(upstream: string): UpstreamFault {
  const detail = `Expected a version for each customer from ${upstream}, got something else.`;
  return new UpstreamFault('final', 'unreadable-answer', detail);
}

function errorOf(upstream: string, code: string | undefined): UpstreamFault {
  // Only a word is repeated: other texts may hold personal data.
  const name = /^\w{1,60}$/.test(code ?? '') ? code : 'unknown';
  return new UpstreamFault('final', 'commercetools-error', `${upstream} answered with error ${name}.`);
}
