import { hash, type KeyObject } from 'node:crypto';
import { decodeProtectedHeader } from 'jose/decode/protected_header';
import { decodeJwt } from 'jose/jwt/decode';
import { jwtVerify } from 'jose/jwt/verify';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { type Authenticate, bearerToken, LONGEST_TOKEN, type Refusal, type Verdict } from './credentials.ts';
import { createKeySet, type Lookup } from './key-set.ts';

const ISSUERS: readonly unknown[] = ['https://accounts.google.com', 'accounts.google.com'];
/** Tolerance for clocks that differ, in seconds: after a token's expiry, and before its issue. */
const LATE_SECONDS = 60;
const EARLY_SECONDS = 300;
const LONGEST_LIFE_SECONDS = 24 * 60 * 60;
/** Cloud Run replaces a signature with this after its own IAM check has verified it. */
const REMOVED_SIGNATURE = 'SIGNATURE_REMOVED_BY_GOOGLE';
/** Accepted tokens that are cached. Google issues one token an hour and subscription, so few are valid at a time. */
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

/** The expected claims, as the push subscription has them, and the URL of the signer's keys. */
export interface Oidc {
  readonly audience: string;
  readonly serviceAccount: string;
  readonly certsUrl: string;
  readonly signature: SignatureChecker;
}

/** Where a token's signature is verified: by the service, or by Cloud Run's IAM check, which then removes the signature. */
export type SignatureChecker = 'service' | 'cloud-run';

/** The content of a token, which must not be trusted until its signature is verified. */
interface Unverified {
  readonly keyId: string;
  readonly claims: Readonly<Record<string, unknown>>;
  /** In seconds since 1970. */
  readonly expiresAt: number;
}

const Header = z.object({ alg: z.literal('RS256'), kid: z.string().min(1).max(256) });
const Claims = z.looseObject({ exp: z.number() });

/** The two clocks that are needed. */
export interface Clocks {
  /** Milliseconds since 1970, as in the claims of a token. */
  readonly now: () => number;
  /** Milliseconds since any time, never set back: for the caches. */
  readonly monotonic: () => number;
}

/**
 * Accepts pushes with a Google-signed token for this audience and from this service account.
 * https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 */
export function createOidc(oidc: Oidc, { now, monotonic }: Clocks): Authenticate {
  const keys = createKeySet(oidc.certsUrl, monotonic);
  // Keyed by digest, so that a memory dump holds no credential and every entry is small. The value is the time of expiry.
  const remembered = new LRUCache<string, number>({ max: REMEMBERED });

  const secondsLeft = ({ expiresAt }: Unverified) => expiresAt + LATE_SECONDS - now() / 1000;

  const isShortLived = ({ expiresAt }: Unverified) => expiresAt < now() / 1000 + LONGEST_LIFE_SECONDS;

  function judge(claims: Readonly<Record<string, unknown>>): Verdict {
    if (!ISSUERS.includes(claims['iss'])) return REFUSED.issuer;
    if (claims['aud'] !== oidc.audience) return REFUSED.audience;
    const isKnown = claims['email'] === oidc.serviceAccount && claims['email_verified'] === true;
    return isKnown ? 'accepted' : REFUSED.serviceAccount;
  }

  async function verify(token: string, unverified: Unverified, key: KeyObject): Promise<Verdict> {
    let verdict: Verdict;
    try {
      // Issuer and audience are checked by `judge`, which gives each its own answer.
      const { payload } = await jwtVerify(token, key, {
        algorithms: ['RS256'],
        clockTolerance: EARLY_SECONDS,
        currentDate: new Date(now()),
        // This also requires an issue time in the past.
        maxTokenAge: LONGEST_LIFE_SECONDS,
      });
      verdict = isShortLived(unverified) ? judge(payload) : REFUSED.unverified;
    } catch {
      // The error is dropped, because it holds the claims.
      return REFUSED.unverified;
    }
    if (verdict === 'accepted') remembered.set(digest(token), monotonic() + secondsLeft(unverified) * 1000);
    return verdict;
  }

  function proceed(token: string, unverified: Unverified, lookup: Lookup): Verdict | Promise<Verdict> {
    if (lookup.kind === 'found') return verify(token, unverified, lookup.key);
    return lookup.kind === 'unknown' ? REFUSED.unknownKey : unavailable(lookup);
  }

  return ({ authorization }) => {
    const token = bearerToken(authorization);
    if (token === undefined) return REFUSED.missing;
    if (token.length > LONGEST_TOKEN) return REFUSED.malformed;
    if (monotonic() < (remembered.get(digest(token)) ?? 0)) return 'accepted';
    // The cheapest checks come first, so that a flood of invented tokens costs little.
    const unverified = read(token);
    if (unverified === undefined) return REFUSED.malformed;
    if (secondsLeft(unverified) <= 0) return REFUSED.expired;
    if (oidc.signature === 'cloud-run' && token.endsWith(`.${REMOVED_SIGNATURE}`))
      return isShortLived(unverified) ? judge(unverified.claims) : REFUSED.unverified;
    const lookup = keys.find(unverified.keyId);
    return lookup instanceof Promise
      ? lookup.then((found) => proceed(token, unverified, found))
      : proceed(token, unverified, lookup);
  };
}

/** Reads a compact JWT (RFC 7519); undefined if it is not one, never expires, or is not signed with RS256. */
function read(token: string): Unverified | undefined {
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return undefined;
  try {
    const { kid } = Header.parse(decodeProtectedHeader(token));
    const claims = Claims.parse(decodeJwt(token));
    return { keyId: kid, claims, expiresAt: claims.exp };
  } catch {
    return undefined;
  }
}

function digest(token: string): string {
  return hash('sha256', token, 'base64');
}

function unavailable({ fault, retryAfterSeconds }: Extract<Lookup, { kind: 'unavailable' }>): Refusal {
  const detail = `The keys at PUSH_CERTS_URL cannot be fetched (${fault}), so no push can be authenticated.`;
  return { status: 503, reason: 'certificates-unavailable', detail, retryAfterSeconds };
}

function refuse(status: 401 | 403, reason: string, detail: string): Refusal {
  return { status, reason, detail };
}
