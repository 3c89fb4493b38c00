import DataLoader from 'dataloader';

export interface BatchOptions<Key, Value> {
  /** Keys a batch at most. */
  readonly size: number;
  /** Batches in flight at most, as long as they are not full; 3 unless given. */
  readonly window?: number;
  /** Answers each key with a value or an `Error`, in the order of the keys. */
  load(keys: readonly Key[]): Promise<readonly (Value | Error)[]>;
}

/** Measured by `npm run bench`: with fewer, ten events wait for each other; with more, a thousand make more calls. */
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
  // The one batch that takes keys, and how many it holds: DataLoader opens the next when this one was sent.
  let open: (() => void) | undefined;
  let keysInIt = 0;

  function schedule(dispatch: () => void): void {
    open = dispatch;
    keysInIt = 0;
    // The keys that arrive in this turn of the event loop go together; waiting for them costs no time.
    if (inFlight < window) setImmediate(sendIfRoom);
  }

  function sendIfRoom(): void {
    if (inFlight < window) send();
  }

  function send(): void {
    const dispatch = open;
    open = undefined;
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
    keysInIt += 1;
    if (keysInIt === size) send();
    return value;
  };
}
