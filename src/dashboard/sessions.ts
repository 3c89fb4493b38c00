import { hash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** How long a log-in lasts. */
export const SESSION_SECONDS = 12 * 60 * 60;
/** Starting a session takes the token; beyond this number the least recently used session ends. */
const MAX_SESSIONS = 1_000;

/** The sessions of this instance: each ends after its time, on log-out, and with the process. */
export class Sessions {
  /** Keyed by a digest, so that the time of a look-up reveals nothing about an id. */
  readonly #open: LRUCache<string, true>;

  constructor(clock: () => number = () => performance.now()) {
    this.#open = new LRUCache({
      max: MAX_SESSIONS,
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
