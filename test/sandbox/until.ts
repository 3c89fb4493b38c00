import { setTimeout as wait } from 'node:timers/promises';

/** Waits until a condition is true, `milliseconds` at most; says whether it is. The bound is for a slow machine. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  milliseconds = 120_000,
): Promise<boolean> {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    if (await condition()) return true;
    await wait(25);
  }
  return condition();
}
