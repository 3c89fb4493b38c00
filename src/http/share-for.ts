/** Caches the result of `read` for `milliseconds`; concurrent callers share it. An error is not cached. */
export function shareFor<T>(
  milliseconds: number,
  read: () => Promise<T>,
  clock: () => number = () => performance.now(),
): () => Promise<T> {
  let shared: { readonly result: Promise<T>; readonly until: number } | undefined;
  return () => {
    if (shared && clock() < shared.until) return shared.result;
    const reading = { result: read(), until: clock() + milliseconds };
    shared = reading;
    reading.result.catch(() => {
      if (shared === reading) shared = undefined;
    });
    return reading.result;
  };
}
