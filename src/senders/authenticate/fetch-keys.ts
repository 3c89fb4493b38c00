import { createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { fetchText } from './fetch-text.ts';

const SHORTEST = 5 * 60_000;
const LONGEST = 24 * 60 * 60_000;

/** RFC 7517, as at https://www.googleapis.com/oauth2/v3/certs */
const JwkSet = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });
/** As at https://www.googleapis.com/oauth2/v1/certs */
const PemByKeyId = z.record(z.string(), z.string());
const Jwk = z.looseObject({
  kty: z.literal('RSA'),
  kid: z.string(),
  n: z.string(),
  e: z.string(),
  use: z.literal('sig').optional(),
  alg: z.literal('RS256').optional(),
});

/** RSA keys by key id, and for how many milliseconds they are fresh. */
export interface Served {
  readonly keys: ReadonlyMap<string, KeyObject>;
  readonly freshFor: number;
}

/**
 * Fetches keys within `deadline` milliseconds, as a JWK Set or as PEM by key id, or describes in a few words why that failed;
 * never rejects. Keys of another type or use are left out. `Cache-Control: max-age` is clamped to between 5 minutes and a day.
 */
export async function fetchKeys(url: string, deadline: number): Promise<Served | { readonly fault: string }> {
  const fetched = await fetchText(url, deadline);
  if ('fault' in fetched) return fetched;
  try {
    const keys = keysIn(JSON.parse(fetched.text));
    if (keys.size === 0) return { fault: 'expected RSA keys, as a JWK Set or in PEM by key id, found none' };
    return { keys, freshFor: lifetime(fetched.headers) };
  } catch {
    return { fault: 'expected JSON, found something else' };
  }
}

function keysIn(body: unknown): Map<string, KeyObject> {
  const jwks = JwkSet.safeParse(body).data?.keys.flatMap((jwk) => Jwk.safeParse(jwk).data ?? []);
  const found = jwks
    ? jwks.map((jwk) => [jwk.kid, keyOf({ key: jwk, format: 'jwk' })] as const)
    : Object.entries(PemByKeyId.safeParse(body).data ?? {}).map(
        ([keyId, pem]) => [keyId, keyOf(pem)] as const,
      );
  const keys = new Map<string, KeyObject>();
  for (const [keyId, key] of found) if (key?.asymmetricKeyType === 'rsa') keys.set(keyId, key);
  return keys;
}

function keyOf(source: Parameters<typeof createPublicKey>[0]): KeyObject | undefined {
  try {
    return createPublicKey(source);
  } catch {
    return undefined;
  }
}

function lifetime(headers: Headers): number {
  const maxAge = /\bmax-age=(\d+)/i.exec(headers.get('cache-control') ?? '')?.[1] ?? 0;
  // `Age` seconds have already passed in a cache on the way.
  const seconds = Number(maxAge) - (Number(headers.get('age')) || 0);
  return Math.min(Math.max(seconds * 1000, SHORTEST), LONGEST);
}
