import type { KeyObject } from 'node:crypto';
import { fetchKeys, type Served } from './fetch-keys.ts';

/** The keys are requested twice a minute at most, however many unknown key ids arrive. */
const BETWEEN_REFRESHES = 30_000;
/** The shorter interval after a failure; it is also the `Retry-After` of the answer. */
const AFTER_FAILURE = 5_000;
/** While keys cannot be fetched, stale ones are used for this much longer. */
const GRACE = 60 * 60_000;

/** The result for a key id: its key, that there is none, or that the keys cannot be fetched. */
export type Lookup =
  | { readonly kind: 'found'; readonly key: KeyObject }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unavailable'; readonly fault: string; readonly retryAfterSeconds: number };

/** Keys by key id. `find` answers synchronously from what it holds, and never throws or rejects. */
export interface KeySet {
  find(keyId: string): Lookup | Promise<Lookup>;
}

/**
 * Keeps the keys served at `url`; one request at a time, given up after `deadline` milliseconds. `clock` must not be set
 * back, or a rotated key would be unknown until it has caught up; jose's own key set goes by the wall clock.
 */
export function createKeySet(url: string, clock: () => number, deadline = 3_000): KeySet {
  let held: Served['keys'] = new Map();
  let freshUntil = Number.NEGATIVE_INFINITY;
  let refreshing: Promise<void> | undefined;
  /** Why the last refresh failed; undefined once one has worked. */
  let fault: string | undefined;
  let nextRefreshAt = Number.NEGATIVE_INFINITY;

  async function refresh(): Promise<void> {
    const fetched = await fetchKeys(url, deadline);
    if ('fault' in fetched) fault = fetched.fault;
    else {
      held = fetched.keys;
      freshUntil = clock() + fetched.freshFor;
      fault = undefined;
    }
    nextRefreshAt = clock() + (fault === undefined ? BETWEEN_REFRESHES : AFTER_FAILURE);
    refreshing = undefined;
  }

  function look(keyId: string): Lookup {
    const now = clock();
    const key = now < freshUntil + (fault === undefined ? 0 : GRACE) ? held.get(keyId) : undefined;
    if (key !== undefined) return { kind: 'found', key };
    // After a failure an unknown key may be a new one, so the answer is 503 and not 401.
    if (fault === undefined) return { kind: 'unknown' };
    const retryAfterSeconds = Math.max(1, Math.ceil((nextRefreshAt - now) / 1000));
    return { kind: 'unavailable', fault, retryAfterSeconds };
  }

  return {
    find(keyId) {
      const now = clock();
      if (now < freshUntil && held.has(keyId)) return look(keyId);
      if (refreshing === undefined && now < nextRefreshAt) return look(keyId);
      refreshing ??= refresh();
      return refreshing.then(() => look(keyId));
    },
  };
}
