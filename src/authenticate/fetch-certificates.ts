import { createPublicKey } from 'node:crypto';
import { z } from 'zod';

const SHORTEST = 5 * 60_000;
const LONGEST = 24 * 60 * 60_000;
const Body = z.record(z.string(), z.string());

/** RSA certificates or public keys (PEM) by key id, and until when they are fresh, in milliseconds since 1970. */
export interface Served {
  readonly pems: ReadonlyMap<string, string>;
  readonly freshUntil: number;
}

/**
 * Fetches certificates as https://www.googleapis.com/oauth2/v1/certs serves them, within `deadline` milliseconds, or says
 * in a few words why that failed; never rejects. Their `Cache-Control: max-age` is held between 5 minutes and a day.
 */
export async function fetchCertificates(
  url: string,
  clock: () => number,
  deadline: number,
): Promise<Served | { readonly fault: string }> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(deadline) });
    if (!response.ok) {
      await response.body?.cancel();
      return { fault: `status ${response.status}` };
    }
    const { data } = Body.safeParse(await response.json());
    const pems = new Map(Object.entries(data ?? {}).filter(([, pem]) => isRsa(pem)));
    if (pems.size === 0) return { fault: 'expected RSA certificates in PEM by key id, found none' };
    return { pems, freshUntil: clock() + lifetime(response.headers) };
  } catch (error) {
    return { fault: describe(error, deadline) };
  }
}

/** Keys of another type are left out: only RS256 is accepted. */
function isRsa(pem: string): boolean {
  try {
    return createPublicKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}

function lifetime(headers: Headers): number {
  const maxAge = /\bmax-age=(\d+)/i.exec(headers.get('cache-control') ?? '')?.[1] ?? 0;
  // A cache on the way has already used up `Age` seconds of it.
  const seconds = Number(maxAge) - (Number(headers.get('age')) || 0);
  return Math.min(Math.max(seconds * 1000, SHORTEST), LONGEST);
}

function describe(error: unknown, deadline: number): string {
  if (!(error instanceof Error)) return 'unknown error';
  if (error.name === 'TimeoutError') return `no answer within ${deadline} ms`;
  if (error instanceof SyntaxError) return 'expected JSON, found something else';
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string'
    ? cause.code
    : error.name;
}
