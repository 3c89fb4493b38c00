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
    // Whatever sends the batch, its request belongs to the event whose key opened it.
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
