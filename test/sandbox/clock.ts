import { mock } from 'node:test';
import { until } from './until.ts';

const STEP_MILLISECONDS = 100;

/** The part of a tap test that is used. */
interface Current {
  teardown(stop: () => unknown): unknown;
}

/** The clock and timers of this process, which advance only when the test advances them. */
export interface Clock {
  /** Advances them, one millisecond at a time. */
  pass(milliseconds: number): void;
  /**
   * Advances them in small steps until a condition is true, for timers that are started in the meantime, such as between two
   * attempts.
   */
  passUntil(condition: () => boolean): Promise<boolean>;
}

type Stoppable = 'Date' | 'setTimeout' | 'setInterval';

/**
 * Stops the clock and the timers, or the named ones only, until the end of the test. Servers and clients in this process
 * continue, but their time-outs expire only when the test advances the clock.
 */
export function stopClock(
  t: Current,
  apis: readonly Stoppable[] = ['Date', 'setTimeout', 'setInterval'],
): Clock {
  let now = performance.now();
  const real = { setTimeout, setInterval, clearTimeout, clearInterval };
  mock.timers.enable({ apis: [...apis], now: Date.now() });
  const stopped = mock.method(performance, 'now', () => now);
  clearOwnTimersOnly(real);
  t.teardown(() => {
    mock.timers.reset();
    Object.assign(globalThis, real);
    stopped.mock.restore();
  });
  function pass(milliseconds: number): void {
    for (let passed = 0; passed < milliseconds; passed += 1) {
      now += 1;
      mock.timers.tick(1);
    }
  }
  return {
    pass,
    passUntil: (condition) =>
      until(() => {
        if (condition()) return true;
        pass(STEP_MILLISECONDS);
        return false;
      }),
  };
}

/** Clears timers that were started before the mock by the real functions: the mock would remove another timer instead. */
function clearOwnTimersOnly(real: Pick<typeof globalThis, 'clearTimeout' | 'clearInterval'>): void {
  const own = new WeakSet<object>();
  globalThis.setTimeout = collect(globalThis.setTimeout, own);
  globalThis.setInterval = collect(globalThis.setInterval, own);
  for (const name of ['clearTimeout', 'clearInterval'] as const)
    globalThis[name] = new Proxy(globalThis[name], {
      apply: (clear, self, [timer]) => Reflect.apply(own.has(timer) ? clear : real[name], self, [timer]),
    });
}

/** Wraps a timer function, and adds its timers to `timers`. */
function collect<Set extends typeof setTimeout | typeof setInterval>(set: Set, timers: WeakSet<object>): Set {
  return new Proxy(set, {
    apply(set, self, given) {
      const timer = Reflect.apply(set, self, given);
      timers.add(timer);
      return timer;
    },
  });
}
