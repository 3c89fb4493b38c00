/** No credential is longer, in characters; Google's tokens have about 900. Longer ones are refused before any work. */
export const LONGEST_TOKEN = 4096;

/** The token of an `Authorization: Bearer …` header (RFC 6750), or undefined if it is absent or of another scheme. */
export function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization?.slice(0, 7).toLowerCase() !== 'bearer ') return undefined;
  return authorization.slice(7).trim() || undefined;
}

/** The password of an `Authorization: Basic …` header (RFC 7617), or undefined if it is absent or of another scheme. */
export function basicPassword(authorization: string | undefined): string | undefined {
  if (authorization?.slice(0, 6).toLowerCase() !== 'basic ') return undefined;
  const pair = Buffer.from(authorization.slice(6, LONGEST_TOKEN), 'base64').toString();
  const colon = pair.indexOf(':');
  return colon < 0 ? undefined : pair.slice(colon + 1) || undefined;
}
