import { AsyncLocalStorage } from 'node:async_hooks';
import DataLoader from 'dataloader';

export interface BatchOptions<Key, Value> {
  /** Keys a batch at most. */
  readonly size: number;
  /** Batches in flight at most; a full batch is sent even beyond it. 3 unless given. */
  readonly window?: number;
  /** Answers each key with a value or an `Error`, in the order of the keys. */
  load(keys: readonly Key[]): Promise<readonly (Value | Error)[]>;
}

/**
 * Measured by `npm run bench`: with fewer, ten concurrent events wait for each other; with more, a thousand make more
 * requests.
 */
const WINDOW = 3;

/**
 * Batches concurrent loads. A key is sent at once while fewer than `window` batches are in flight; otherwise it joins the
 * next batch, sent when one returns or when it is full.
 */
export function batch<Key, Value>({
  size,
  window = WINDOW,
  load,
}: BatchOptions<Key, Value>): (key: Key) => Promise<Value> {
  let inFlight = 0;
  // Sends the batch that is being filled, and how many keys it holds. DataLoader opens the next one when it was sent.
  let sendOpenBatch: (() => void) | undefined;
  let openBatchKeys = 0;

  function schedule(dispatch: () => void): void {
    // The request of a batch belongs to the event whose key opened it.
    sendOpenBatch = AsyncLocalStorage.bind(dispatch);
    openBatchKeys = 0;
    // Keys that arrive in the same turn of the event loop join the same batch.
    if (inFlight < window) setImmediate(sendIfRoom);
  }

  function sendIfRoom(): void {
    if (inFlight < window) send();
  }

  function send(): void {
    const dispatch = sendOpenBatch;
    sendOpenBatch = undefined;
    dispatch?.();
  }

  const loader = new DataLoader<Key, Value>(
    async (keys) => {
      inFlight += 1;
      try {
        return await load(keys);
      } finally {
        inFlight -= 1;
        sendIfRoom();
      }
    },
    { cache: false, maxBatchSize: size, batchScheduleFn: schedule },
  );
  return (key) => {
    const value = loader.load(key);
    openBatchKeys += 1;
    if (openBatchKeys === size) send();
    return value;
  };
}

const REMEMBERED_MILLISECONDS = 600_000;

/**
 * How many keys one request may hold. After an upstream refuses a request as too large, the number is halved for ten
 * minutes.
 */
export class BatchSize {
  readonly #most: number;
  readonly #clock: () => number;
  #current: number;
  #refusedAt = 0;

  constructor(most: number, clock: () => number = Date.now) {
    this.#most = most;
    this.#current = most;
    this.#clock = clock;
  }

  get current(): number {
    return this.#clock() - this.#refusedAt < REMEMBERED_MILLISECONDS ? this.#current : this.#most;
  }

  /** Notes that a request for this many keys was refused; the next ones hold half as many. */
  refuse(keys: number): void {
    this.#current = Math.min(this.current, Math.max(1, Math.ceil(keys / 2)));
    this.#refusedAt = this.#clock();
  }

  /** Splits the keys into requests of the current size. */
  split<Key>(keys: readonly Key[]): (readonly Key[])[] {
    const size = this.current;
    const count = Math.ceil(keys.length / size);
    return Array.from({ length: count }, (_, index) => keys.slice(index * size, (index + 1) * size));
  }
}

/**
 * Loads all keys in one request. If that fails, because it is too large or one key is invalid, it is split into two requests
 * of half the size. The error of a single key, or one that `isWorthHalving` denies, is returned for every key of its request.
 */
export async function halve<Key, Value>(
  keys: readonly Key[],
  load: (keys: readonly Key[]) => Promise<readonly (Value | Error)[]>,
  isWorthHalving: (error: unknown, keys: readonly Key[]) => boolean,
): Promise<readonly (Value | Error)[]> {
  try {
    return await load(keys);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (keys.length === 1 || !isWorthHalving(error, keys)) return keys.map(() => error);
    const middle = Math.ceil(keys.length / 2);
    const halves = [keys.slice(0, middle), keys.slice(middle)];
    return (await Promise.all(halves.map((half) => halve(half, load, isWorthHalving)))).flat();
  }
}
