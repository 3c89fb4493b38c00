import { LRUCache } from 'lru-cache';

// With `max` instead, the cache would allocate 2 MB at the start, which takes 4 ms.
const CUSTOMERS = { maxSize: 50_000, sizeCalculation: () => 1 };
/** The longest expected lag of a look-up in Fluent behind a write. */
const LONGEST_LAG_MILLISECONDS = 600_000;

/**
 * The versions that this instance has written to Fluent, for a bounded number of customers and a bounded time.
 *
 * The time of `finished` must not exceed the shortest retry delay of the subscription. If another instance crashes after it
 * has written an older version, the redelivery corrects that, and must not be skipped because of an entry from before.
 */
export class Memory {
  readonly #finished: LRUCache<string, number> | undefined;
  readonly #written = new LRUCache<string, number>({ ...CUSTOMERS, ttl: LONGEST_LAG_MILLISECONDS });

  constructor(seconds: number) {
    if (seconds > 0) this.#finished = new LRUCache({ ...CUSTOMERS, ttl: seconds * 1000, ttlResolution: 0 });
  }

  /** True when Fluent was seen to hold that version, or a newer one, of the customer a moment ago. */
  hasFinished(id: string, version: number): boolean {
    return (this.#finished?.get(id) ?? 0) >= version;
  }

  /**
   * Remembers a version as finished. `since` is a `performance.now()` from before the look-up that it was seen by, or
   * written after: an older version written later than that is not hidden when its event is delivered again.
   */
  finish(id: string, version: number, since: number): void {
    this.#finished?.set(id, version, { start: since });
  }

  /** The newest version of the customer that this instance has written under the username; 0 when it remembers none. */
  written(id: string, username: string): number {
    return this.#written.get(recordKey(id, username)) ?? 0;
  }

  write(id: string, username: string, version: number): void {
    this.#written.set(recordKey(id, username), Math.max(version, this.written(id, username)));
  }

  /** Called when Fluent has no such customer, so what was written no longer exists. */
  forget(id: string, username: string): void {
    this.#written.delete(recordKey(id, username));
  }
}

// An id holds no blank.
const recordKey = (id: string, username: string) => `${id} ${username}`;
