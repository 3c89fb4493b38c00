import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../outcome.ts';

const TRIES = 4;
const FIRST_WAIT_MILLISECONDS = 500;
const LONGEST_WAIT_MILLISECONDS = 15_000;
/** What no waiting mends: somebody has to give credentials or rights, or change the mapping, first. */
const LASTING = new Set(['credentials-refused', 'permission-missing', 'schema-mismatch', 'http-400']);

/** Runs until it succeeds, four times at most, with the wait that the failure asks for; credentials and rights are not tried again. */
export async function retry<T>(run: () => Promise<T>, stop: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof Failure) || LASTING.has(error.reason)) throw error;
      if (attempt === TRIES || stop.aborted) throw error;
      const asked = (error.retryAfterSeconds ?? 0) * 1000;
      const wait = Math.max(FIRST_WAIT_MILLISECONDS * 2 ** (attempt - 1), asked);
      await sleep(Math.min(wait, LONGEST_WAIT_MILLISECONDS), undefined, { signal: stop }).catch(() => {});
      if (stop.aborted) throw error;
    }
  }
}
