import { mock } from 'node:test';

/** The part of a tap test that is used. */
interface Current {
  teardown(stop: () => unknown): unknown;
}

/** The clock of this process, which moves only when the test says so. */
export interface Clock {
  /** Moves them on, a millisecond at a time. */
  pass(milliseconds: number): void;
}

/**
 * Stops `Date`, `performance.now()`, `setTimeout` and `setInterval` until the end of the test. A server and a client in this
 * process work on, and time out when the test says so.
 */
export function stopClock(t: Current): Clock {
  let now = performance.now();
  mock.timers.enable({ apis: ['Date', 'setTimeout', 'setInterval'], now: Date.now() });
  const stopped = mock.method(performance, 'now', () => now);
  t.teardown(() => {
    mock.timers.reset();
    stopped.mock.restore();
  });
  return {
    pass(milliseconds) {
      for (let passed = 0; passed < milliseconds; passed += 1) {
        now += 1;
        mock.timers.tick(1);
      }
    },
  };
}
