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
