import { hash, type KeyObject } from 'node:crypto';
import { decodeProtectedHeader } from 'jose/decode/protected_header';
import { decodeJwt } from 'jose/jwt/decode';
import { jwtVerify } from 'jose/jwt/verify';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { type Authenticate, bearerToken, LONGEST_TOKEN, type Refusal, type Verdict } from './credentials.ts';
import { createKeySet, type Lookup } from './key-set.ts';

const ISSUERS: readonly unknown[] = ['https://accounts.google.com', 'accounts.google.com'];
/** Clocks differ a little: in seconds, after a token's end, and before its beginning. */
const LATE_SECONDS = 60;
const EARLY_SECONDS = 300;
const LONGEST_LIFE_SECONDS = 24 * 60 * 60;
/** What Cloud Run puts in place of a signature that its own IAM check has verified. */
const REMOVED_SIGNATURE = 'SIGNATURE_REMOVED_BY_GOOGLE';
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

/** Whom to expect, as the push subscription has it, and where the keys of the signer are served. */
export interface Oidc {
  readonly audience: string;
  readonly serviceAccount: string;
  readonly certsUrl: string;
  readonly signature: SignatureChecker;
}

/** Who verifies a token's signature: the service, or Cloud Run's IAM check where it has removed the signature. */
export type SignatureChecker = 'service' | 'cloud-run';

/** What a token says of itself: nothing to believe until its signature is verified. */
interface Unverified {
  readonly keyId: string;
  readonly claims: Readonly<Record<string, unknown>>;
  /** In seconds since 1970. */
  readonly expiresAt: number;
}

const Header = z.object({ alg: z.literal('RS256'), kid: z.string().min(1).max(256) });
const Claims = z.looseObject({ exp: z.number() });

/** The times that tokens, and what is known of them, go by. */
export interface Clocks {
  /** Milliseconds since 1970: what tokens go by. */
  readonly now: () => number;
  /** Milliseconds since any time, never set back: what is kept goes by it. */
  readonly monotonic: () => number;
}

/**
 * Accepts pushes with a Google-signed token for this audience and from this service account.
 * https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 */
export function createOidc(oidc: Oidc, { now, monotonic }: Clocks): Authenticate {
  const keys = createKeySet(oidc.certsUrl, monotonic);
  // By digest, so that no memory dump holds a credential, and every entry is small. The value is when it ends.
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
      // Issuer and audience are judged apart, each with an answer of its own.
      const { payload } = await jwtVerify(token, key, {
        algorithms: ['RS256'],
        clockTolerance: EARLY_SECONDS,
        currentDate: new Date(now()),
        // Its issue time has to be there, and in the past.
        maxTokenAge: LONGEST_LIFE_SECONDS,
      });
      verdict = isShortLived(unverified) ? judge(payload) : REFUSED.unverified;
    } catch {
      // Its errors hold the claims.
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
    // From the cheapest check to the dearest: a flood of made-up tokens should cost little.
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

/** Reads a compact JWT (RFC 7519); undefined if it is not one, has no end, or is not signed with RS256. */
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
  const detail = `The keys at PUSH_CERTS_URL cannot be fetched (${fault}), so nobody can be let in.`;
  return { status: 503, reason: 'certificates-unavailable', detail, retryAfterSeconds };
}

function refuse(status: 401 | 403, reason: string, detail: string): Refusal {
  return { status, reason, detail };
}
