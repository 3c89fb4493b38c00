import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../outcome.ts';

const TRIES = 4;
const FIRST_WAIT_MILLISECONDS = 500;
const LONGEST_WAIT_MILLISECONDS = 15_000;
/** Failures that a retry cannot fix: an operator must first correct credentials, permissions or the mapping. */
const PERMANENT = new Set(['credentials-refused', 'permission-missing', 'schema-mismatch', 'http-400']);

/** Runs up to four attempts, with the delay that the failure requests. Failures that need an operator are not retried. */
export async function retry<T>(run: () => Promise<T>, stop: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof Failure) || PERMANENT.has(error.reason)) throw error;
      if (attempt === TRIES || stop.aborted) throw error;
      const retryAfter = (error.retryAfterSeconds ?? 0) * 1000;
      const wait = Math.max(FIRST_WAIT_MILLISECONDS * 2 ** (attempt - 1), retryAfter);
      await sleep(Math.min(wait, LONGEST_WAIT_MILLISECONDS), undefined, { signal: stop }).catch(() => {});
      if (stop.aborted) throw error;
    }
  }
}
