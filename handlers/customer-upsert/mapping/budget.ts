import { setImmediate as nextTurn } from 'node:timers/promises';
import { Failure } from '../../../src/handler.ts';

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
/** After so many the event loop gets its turn: some 4 ms. */
const STEPS_A_TURN = 10_000;
/** Evaluations that take longer than a turn, of all customers; each keeps what it has made so far. */
const MOST_LONG_EVALUATIONS = 100;

let longEvaluations = 0;
/** When the last of them goes on: they do so one a turn, so that the turns stay short however many there are. */
let lastTurn: Promise<unknown> = Promise.resolve();

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
  #sinceTurn = 0;

  /** Begins the next expression. */
  begin(): void {
    this.#left = LIMITS.steps;
  }

  /** Throws `OverLimit` when there are not so many steps left. */
  spend(steps: number): void {
    this.#left -= steps;
    this.#inAll -= steps;
    this.#sinceTurn += steps;
    if (this.#left < 0 || this.#inAll < 0) throw new OverLimit('steps');
  }

  /** Four characters, or parts of a list or an object, cost as much as a step. */
  spendOnSize(size: number): void {
    this.spend(Math.ceil(size / 4));
  }

  /**
   * One step. A promise when the event loop is due for its turn: awaiting microtasks alone would never give it one. Rejects
   * with a `Failure` when too many evaluations take long.
   */
  step(): Promise<void> | undefined {
    this.spend(1);
    return this.#sinceTurn < STEPS_A_TURN ? undefined : this.#yield();
  }

  async #yield(): Promise<void> {
    if (longEvaluations >= MOST_LONG_EVALUATIONS)
      throw new Failure('mapping-overloaded', 'Too many customers are being mapped at once that take long.');
    longEvaluations += 1;
    lastTurn = lastTurn.then(() => nextTurn());
    await lastTurn;
    longEvaluations -= 1;
    this.#sinceTurn = 0;
  }
}
