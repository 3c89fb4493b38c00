import { z } from 'zod';

/**
 * One entry of a GraphQL response's `errors`, with the fields that this service reads; upstreams send them with HTTP
 * 200 too.
 */
export const GraphqlError = z.object({
  message: z.string().catch(''),
  path: z
    .array(z.union([z.string(), z.number()]))
    .nullish()
    .catch(undefined),
  extensions: z
    .object({ code: z.string().optional().catch(undefined) })
    .nullish()
    .catch(undefined),
});

export type GraphqlError = z.output<typeof GraphqlError>;
