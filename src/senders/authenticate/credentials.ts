/** The credentials of a push: the `Authorization` header and `?token=`, as they were sent. */
export interface Credentials {
  readonly authorization: string | undefined;
  readonly queryToken: string | undefined;
}

/** The maximum length of a credential, in characters; Google's tokens have about 900. Longer ones are refused at once. */
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

/**
 * `accepted`, or the refusal to answer with: 401 for missing or invalid credentials, 403 for valid ones without permission,
 * 503 when they cannot be verified now. `reason` is a kebab-case code, `detail` one sentence for a person; neither quotes the
 * request.
 */
export type Verdict = 'accepted' | Refusal;

/** Why a push is refused, and with 503 the seconds after which it may be sent again. */
export interface Refusal {
  readonly status: 401 | 403 | 503;
  readonly reason: string;
  readonly detail: string;
  readonly retryAfterSeconds?: number;
  /** The value of `WWW-Authenticate` with a 401; default: `Bearer`. */
  readonly challenge?: string;
}

/** Checks the credentials of one push. Synchronous if nothing has to be fetched or verified; never throws or rejects. */
export type Authenticate<Shown = Credentials> = (shown: Shown) => Verdict | Promise<Verdict>;
