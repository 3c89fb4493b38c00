/**
 * Answers each key from one request, or from two of half the size when it is refused: it was too much, or one key spoils it
 * for all. What refuses a single key, or is not worth halving, is the answer to all keys of that request.
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
