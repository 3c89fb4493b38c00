import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { bearerToken, LONGEST_TOKEN } from './bearer.ts';
import { createCertificates, type Lookup } from './certificates.ts';
import { type Jwt, readJwt } from './jwt.ts';
import type { Authenticate, Refusal, Verdict } from './verdict.ts';

const ISSUERS: readonly unknown[] = ['https://accounts.google.com', 'accounts.google.com'];
/** Clocks differ a little; in milliseconds. */
const CLOCK_SKEW = 60_000;
/** Google mints one token an hour and subscription, so few are alive at a time. */
const REMEMBERED = 100;

const REFUSED = {
  missing: refuse(
    401,
    'no-credentials',
    'Expected `Authorization: Bearer` with a Google-signed token, found none: give the push subscription a service account.',
  ),
  malformed: refuse(
    401,
    'malformed-token',
    'Expected a Google-signed token (JWT, RS256, at most 4096 characters), found something else.',
  ),
  expired: refuse(
    401,
    'expired-token',
    'Expected a token that has not expired, found one that has: compare the clock of this host.',
  ),
  unknownKey: refuse(
    401,
    'unknown-key',
    'Expected a token signed with a key served at PUSH_CERTS_URL, found another key.',
  ),
  unverified: refuse(
    401,
    'unverified-token',
    "Expected a token with a valid signature, issued in the past and for a day at most; found one that fails Google's verification.",
  ),
  issuer: refuse(
    401,
    'wrong-issuer',
    'Expected the token to be issued by https://accounts.google.com, found another issuer.',
  ),
  audience: refuse(
    403,
    'wrong-audience',
    "Expected the token's `aud` to be PUSH_AUDIENCE, found another: compare it with the audience of the push subscription.",
  ),
  serviceAccount: refuse(
    403,
    'wrong-service-account',
    "Expected the token's `email` to be PUSH_SERVICE_ACCOUNT, verified; found another: compare it with the service account of the push subscription.",
  ),
} as const;

/** Whom to expect, as the push subscription has it, and where the certificates of the signer are served. */
export interface Oidc {
  readonly audience: string;
  readonly serviceAccount: string;
  readonly certsUrl: string;
}

/**
 * Accepts pushes with a Google-signed token for this audience and from this service account.
 * https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 */
export async function createOidc(oidc: Oidc, clock: () => number): Promise<Authenticate> {
  const { OAuth2Client } = await import('google-auth-library');
  const library = new OAuth2Client();
  const certificates = createCertificates(oidc.certsUrl, clock);
  // By digest, so that no memory dump holds a credential, and every entry is small. The value is when it ends.
  const remembered = new LRUCache<string, number>({ max: REMEMBERED });

  function judge({ claims }: Jwt): Verdict {
    if (!ISSUERS.includes(claims.iss)) return REFUSED.issuer;
    if (claims.aud !== oidc.audience) return REFUSED.audience;
    const known = claims.email === oidc.serviceAccount && claims.email_verified === true;
    return known ? 'accepted' : REFUSED.serviceAccount;
  }

  async function verify(token: string, jwt: Jwt, pem: string): Promise<Verdict> {
    try {
      // No audience given: the library throws one kind of error for all, and a wrong audience is judged apart.
      await library.verifySignedJwtWithCertsAsync(token, { [jwt.keyId]: pem });
    } catch {
      // Its messages hold the token.
      return REFUSED.unverified;
    }
    const verdict = judge(jwt);
    if (verdict === 'accepted') remembered.set(digest(token), jwt.expiresAt + CLOCK_SKEW);
    return verdict;
  }

  function proceed(token: string, jwt: Jwt, lookup: Lookup): Verdict | Promise<Verdict> {
    if (lookup.kind === 'found') return verify(token, jwt, lookup.pem);
    return lookup.kind === 'unknown' ? REFUSED.unknownKey : unavailable(lookup);
  }

  return ({ authorization }) => {
    const token = bearerToken(authorization);
    if (token === undefined) return REFUSED.missing;
    if (token.length > LONGEST_TOKEN) return REFUSED.malformed;
    if (clock() < (remembered.get(digest(token)) ?? 0)) return 'accepted';
    // From the cheapest check to the dearest: a flood of made-up tokens should cost little.
    const jwt = readJwt(token);
    if (jwt === undefined) return REFUSED.malformed;
    if (clock() >= jwt.expiresAt + CLOCK_SKEW) return REFUSED.expired;
    const lookup = certificates.find(jwt.keyId);
    return lookup instanceof Promise
      ? lookup.then((found) => proceed(token, jwt, found))
      : proceed(token, jwt, lookup);
  };
}

function digest(token: string): string {
  return hash('sha256', token, 'base64');
}

function unavailable({ fault, retryAfterSeconds }: Extract<Lookup, { kind: 'unavailable' }>): Refusal {
  const detail = `The certificates at PUSH_CERTS_URL cannot be fetched (${fault}), so nobody can be let in.`;
  return { status: 503, reason: 'certificates-unavailable', detail, retryAfterSeconds };
}

function refuse(status: 401 | 403, reason: string, detail: string): Refusal {
  return { status, reason, detail };
}
