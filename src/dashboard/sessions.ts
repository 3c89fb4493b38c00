import { hash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** How long a log-in lasts. */
export const SESSION_SECONDS = 12 * 60 * 60;
/** Each is started by whoever has the token; the least used one ends when there are more. */
const SESSIONS = 1_000;

/** The log-ins of this instance: each ends after its time, on log-out, and with the process. */
export class Sessions {
  /** Keyed by a digest, so that a look-up's time says nothing of any id. */
  readonly #open: LRUCache<string, true>;

  constructor(clock: () => number = () => performance.now()) {
    this.#open = new LRUCache({
      max: SESSIONS,
      ttl: SESSION_SECONDS * 1000,
      ttlResolution: 0,
      perf: { now: clock },
    });
  }

  /** Begins a session; the id is a secret. */
  begin(): string {
    const id = randomBytes(32).toString('base64url');
    this.#open.set(digest(id), true);
    return id;
  }

  isOpen(id: string): boolean {
    return this.#open.has(digest(id));
  }

  end(id: string): void {
    this.#open.delete(digest(id));
  }
}

function digest(id: string): string {
  return hash('sha256', id);
}
