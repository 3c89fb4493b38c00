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
  // At most one of these is still filling: DataLoader opens a new batch, and asks again, only when the last is full.
  const waiting: (() => void)[] = [];

  function schedule(dispatch: () => void): void {
    waiting.push(dispatch);
    if (waiting.length > 1) waiting.shift()?.();
    // The keys that arrive in this turn of the event loop belong together, and waiting for them costs no time.
    else if (underWay === 0) setImmediate(dispatchNext);
  }

  function dispatchNext(): void {
    if (underWay === 0) waiting.shift()?.();
  }

  const loader = new DataLoader<Key, Value>(
    async (keys) => {
      underWay += 1;
      try {
        return await load(keys);
      } finally {
        underWay -= 1;
        dispatchNext();
      }
    },
    { cache: false, maxBatchSize: size, batchScheduleFn: schedule },
  );
  return (key) => loader.load(key);
}
