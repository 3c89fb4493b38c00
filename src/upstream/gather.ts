import DataLoader from 'dataloader';

/**
 * Group commit: while a batch is under way, the next keys gather and leave together when it returns; a full batch leaves
 * at once, and so does a key that finds nothing under way. Idle costs no delay, load makes the batches.
 *
 * `load` answers each key with a value or an `Error`, in the order of the keys.
 */
export function gather<Key, Value>(
  size: number,
  load: (keys: readonly Key[]) => Promise<readonly (Value | Error)[]>,
): (key: Key) => Promise<Value> {
  let underWay = 0;
  // The one batch that is still filling, and how many keys it holds: DataLoader opens the next when this one has left.
  let filling: (() => void) | undefined;
  let keysInIt = 0;

  function schedule(dispatch: () => void): void {
    filling = dispatch;
    keysInIt = 0;
    // The keys that arrive in this turn of the event loop belong together, and waiting for them costs no time.
    if (underWay === 0) setImmediate(leaveIfIdle);
  }

  function leaveIfIdle(): void {
    if (underWay === 0) leave();
  }

  function leave(): void {
    const dispatch = filling;
    filling = undefined;
    dispatch?.();
  }

  const loader = new DataLoader<Key, Value>(
    async (keys) => {
      underWay += 1;
      try {
        return await load(keys);
      } finally {
        underWay -= 1;
        leaveIfIdle();
      }
    },
    { cache: false, maxBatchSize: size, batchScheduleFn: schedule },
  );
  return (key) => {
    const value = loader.load(key);
    keysInIt += 1;
    if (keysInIt === size) leave();
    return value;
  };
}
