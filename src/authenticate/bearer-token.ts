/** No credential is longer, in characters; Google's tokens have about 900. Longer ones are refused before any work. */
export const LONGEST_TOKEN = 4096;

/** The token of an `Authorization: Bearer …` header (RFC 6750), or undefined if it is absent or of another scheme. */
export function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization?.slice(0, 7).toLowerCase() !== 'bearer ') return undefined;
  return authorization.slice(7).trim() || undefined;
}
