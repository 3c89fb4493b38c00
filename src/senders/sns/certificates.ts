import { type KeyObject, X509Certificate } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { fetchText } from '../authenticate/fetch-text.ts';

/** SNS has one or two certificates a region at a time. */
const MAX_CERTIFICATES = 20;
const FRESH_MILLISECONDS = 24 * 60 * 60_000;
const MAX_FAILURES = 100;
const AFTER_FAILURE_MILLISECONDS = 5_000;
/** Requests to SNS in flight at most, however many invented URLs arrive. */
const MAX_FETCHES = 5;
const DEADLINE_MILLISECONDS = 3_000;

/** The key of a certificate, or why it cannot be fetched now. */
export type CertificateLookup = { readonly key: KeyObject } | { readonly fault: string };

/** Fetches a signing certificate once and keeps its key; one request for a URL at a time. Never rejects. */
export function createCertificates(): (url: string) => Promise<CertificateLookup> {
  const keys = new LRUCache<string, KeyObject>({ max: MAX_CERTIFICATES, ttl: FRESH_MILLISECONDS });
  // In a separate cache, so that failures do not evict keys.
  const failures = new LRUCache<string, string>({ max: MAX_FAILURES, ttl: AFTER_FAILURE_MILLISECONDS });
  const fetching = new Map<string, Promise<CertificateLookup>>();

  async function fetchKey(url: string): Promise<CertificateLookup> {
    const fetched = await fetchText(url, DEADLINE_MILLISECONDS, 'error');
    const found = 'fault' in fetched ? fetched : keyIn(fetched.text);
    if ('key' in found) keys.set(url, found.key);
    else failures.set(url, found.fault);
    fetching.delete(url);
    return found;
  }

  return async (url) => {
    const key = keys.get(url);
    if (key) return { key };
    const fault = failures.get(url);
    if (fault !== undefined) return { fault };
    const pending = fetching.get(url);
    if (pending) return pending;
    if (fetching.size >= MAX_FETCHES) return { fault: 'too many certificates are requested at once' };
    const started = fetchKey(url);
    fetching.set(url, started);
    return started;
  };
}

function keyIn(pem: string): CertificateLookup {
  try {
    const { publicKey } = new X509Certificate(pem);
    if (publicKey.asymmetricKeyType === 'rsa') return { key: publicKey };
  } catch {
    // What cannot be parsed is not a certificate.
  }
  return { fault: 'expected a certificate with an RSA key, found something else' };
}
