import { fetchCertificates, type Served } from './fetch-certificates.ts';

/** With a flood of made-up key ids, the server of the certificates still hears from us twice a minute at most. */
const BETWEEN_REFRESHES = 30_000;
/** After a failure the next try comes sooner, and callers are told to come back then. */
const AFTER_FAILURE = 5_000;
/** While they cannot be fetched, certificates serve this much longer than their server allowed. */
const GRACE = 60 * 60_000;

/** What is known of a key id: its certificate (PEM), that it does not exist, or nothing as they cannot be fetched. */
export type Lookup =
  | { readonly kind: 'found'; readonly pem: string }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unavailable'; readonly fault: string; readonly retryAfterSeconds: number };

/** Certificates by key id. `find` answers synchronously from what it holds, and never throws or rejects. */
export interface Certificates {
  find(keyId: string): Lookup | Promise<Lookup>;
}

/** Keeps the certificates served at `url`; one request at a time, given up after `deadline` milliseconds. */
export function createCertificates(url: string, clock: () => number, deadline = 3_000): Certificates {
  let held: Served = { pems: new Map(), freshUntil: Number.NEGATIVE_INFINITY };
  let refreshing: Promise<void> | undefined;
  /** Why the last refresh failed; undefined once one has worked. */
  let fault: string | undefined;
  let nextRefreshAt = Number.NEGATIVE_INFINITY;

  async function refresh(): Promise<void> {
    const fetched = await fetchCertificates(url, clock, deadline);
    if ('fault' in fetched) fault = fetched.fault;
    else {
      held = fetched;
      fault = undefined;
    }
    nextRefreshAt = clock() + (fault === undefined ? BETWEEN_REFRESHES : AFTER_FAILURE);
    refreshing = undefined;
  }

  function look(keyId: string): Lookup {
    const now = clock();
    const pem = now < held.freshUntil + (fault === undefined ? 0 : GRACE) ? held.pems.get(keyId) : undefined;
    if (pem !== undefined) return { kind: 'found', pem };
    // After a failure an unknown key may be a new one, so its bearer is not to blame.
    if (fault === undefined) return { kind: 'unknown' };
    const retryAfterSeconds = Math.max(1, Math.ceil((nextRefreshAt - now) / 1000));
    return { kind: 'unavailable', fault, retryAfterSeconds };
  }

  return {
    find(keyId) {
      const now = clock();
      if (now < held.freshUntil && held.pems.has(keyId)) return look(keyId);
      if (refreshing === undefined && now < nextRefreshAt) return look(keyId);
      refreshing ??= refresh();
      return refreshing.then(() => look(keyId));
    },
  };
}
