import { createSharedToken } from './shared-token.ts';

/** Judges `Authorization` headers by one token, compared in constant time; without a token everybody may. */
export function bearerOf(token: string | undefined): (authorization: string | undefined) => boolean {
  if (token === undefined) return () => true;
  const authenticate = createSharedToken([token]);
  return (authorization) => authenticate({ authorization, queryToken: undefined }) === 'accepted';
}
