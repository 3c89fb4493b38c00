import { scheduler } from 'node:timers/promises';

const EVERY_MILLISECONDS = 25;

/** Waits until a condition is true, for at most `milliseconds`; returns whether it is true. The limit is for slow machines. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  milliseconds = 120_000,
): Promise<boolean> {
  // Counted instead of timed, so that it works while the test has stopped the clock.
  for (let left = milliseconds; left > 0; left -= EVERY_MILLISECONDS) {
    if (await condition()) return true;
    await scheduler.wait(EVERY_MILLISECONDS);
  }
  return condition();
}
