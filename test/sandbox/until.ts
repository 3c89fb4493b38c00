import { setTimeout as wait } from 'node:timers/promises';

/** Waits for a condition, `milliseconds` at most; says whether it came true. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  milliseconds = 10_000,
): Promise<boolean> {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    if (await condition()) return true;
    await wait(10);
  }
  return condition();
}
