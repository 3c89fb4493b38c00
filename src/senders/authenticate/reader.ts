import type { FastifyReply, FastifyRequest } from 'fastify';
import { createSharedToken } from './shared-token.ts';

/** An `onRequest` hook for the routes of scrapers and operators: answers 401 without `token`, if a token is configured. */
export function requireReader(token: string | undefined) {
  const mayRead = bearerOf(token);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const { authorization } = request.headers;
    if (mayRead(authorization)) return undefined;
    return reply
      .code(401)
      .header('www-authenticate', 'Bearer')
      .send({
        reason: authorization === undefined ? 'no-credentials' : 'wrong-token',
        detail: 'Expected the token of METRICS_TOKEN as `Authorization: Bearer`: give it to the scraper.',
      });
  };
}

/** Checks `Authorization` headers against one token, in constant time; without a token every request is accepted. */
function bearerOf(token: string | undefined): (authorization: string | undefined) => boolean {
  if (token === undefined) return () => true;
  const authenticate = createSharedToken([token]);
  return (authorization) => authenticate({ authorization, queryToken: undefined }) === 'accepted';
}
