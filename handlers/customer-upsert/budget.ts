import { setImmediate as nextTurn } from 'node:timers/promises';

/** How much the mapping of one customer may do. The unit is a step: the evaluation of one node, some 0.4 µs. */
export const LIMITS = {
  /** Of one expression. */
  steps: 250_000,
  /** Of all expressions together, for one customer. */
  stepsInAll: 1_000_000,
  /** Of nodes within nodes: a recursion has some six of them a level. */
  depth: 500,
  /** In a list. */
  items: 10_000,
} as const;

/** What JSONata names its own limits: too deep, too long a range, too long a list. */
const OWN_CODES: ReadonlySet<unknown> = new Set(['D1011', 'D2014', 'D2015']);
/** The event loop gets its turn after so many milliseconds of evaluation. */
const SLICE_MILLISECONDS = 10;
const STEPS_BETWEEN_LOOKS = 64;

/** An expression has used more than its share. */
export class OverLimit extends Error {
  constructor(what: string) {
    super(`The mapping used too many ${what}.`);
    this.name = 'OverLimit';
  }
}

/** True for an error that says that a limit was passed, ours or JSONata's own. */
export function isOverLimit(error: unknown): boolean {
  if (error instanceof OverLimit) return true;
  return typeof error === 'object' && error !== null && 'code' in error && OWN_CODES.has(error.code);
}

/**
 * The steps left for one customer. Steps are counted and not time, so that the same customer always gives the same result,
 * however busy the machine is.
 */
export class Budget {
  #inAll: number = LIMITS.stepsInAll;
  #left = 0;
  #unlooked = STEPS_BETWEEN_LOOKS;
  #resumedAt = 0;

  /** Begins the next expression. */
  begin(): void {
    this.#left = LIMITS.steps;
    this.#resumedAt = performance.now();
  }

  /** Throws `OverLimit` when there are not so many steps left. */
  spend(steps: number): void {
    this.#left -= steps;
    this.#inAll -= steps;
    if (this.#left < 0 || this.#inAll < 0) throw new OverLimit('steps');
  }

  /** Four characters, or parts of a list or an object, cost as much as a step. */
  spendOnSize(size: number): void {
    this.spend(Math.ceil(size / 4));
  }

  /** One step. A promise when the event loop is due for its turn. */
  step(): Promise<void> | undefined {
    this.spend(1);
    this.#unlooked -= 1;
    return this.#unlooked > 0 ? undefined : this.turn();
  }

  /** A promise when the event loop is due for its turn: awaiting microtasks alone would never give it one. */
  turn(): Promise<void> | undefined {
    this.#unlooked = STEPS_BETWEEN_LOOKS;
    return performance.now() - this.#resumedAt < SLICE_MILLISECONDS ? undefined : this.#yield();
  }

  async #yield(): Promise<void> {
    await nextTurn();
    this.#resumedAt = performance.now();
  }
}
