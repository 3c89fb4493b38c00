import { setImmediate as nextTurn } from 'node:timers/promises';
import { Failure } from '../../../src/handler.ts';

/** Limits for the mapping of one customer. One step is the evaluation of one node, about 0.4 µs. */
export const LIMITS = {
  /** Steps for one expression. */
  steps: 250_000,
  /** Steps for all expressions of one customer. */
  stepsInAll: 1_000_000,
  /** Nesting depth of nodes; one level of recursion uses about six. */
  depth: 500,
  /** Items in a list. */
  items: 10_000,
} as const;

/** JSONata's error codes for its own limits: depth, length of a range, length of a list. */
const OWN_CODES: ReadonlySet<unknown> = new Set(['D1011', 'D2014', 'D2015']);
/** Steps between two yields to the event loop, about 4 ms. */
const STEPS_A_TURN = 10_000;
/** Maximum number of concurrent evaluations that have yielded; each keeps its intermediate results in memory. */
const MAX_LONG_EVALUATIONS = 100;

let longEvaluations = 0;
/** Resolves when the last of them resumes. One resumes per turn of the event loop, so that turns stay short. */
let lastTurn: Promise<unknown> = Promise.resolve();

/** Thrown when an expression exceeds its limit. */
export class OverLimit extends Error {
  constructor(what: string) {
    super(`The mapping used too many ${what}.`);
    this.name = 'OverLimit';
  }
}

/** True for an `OverLimit`, and for an error about one of JSONata's own limits. */
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

  /** Starts the next expression. */
  begin(): void {
    this.#left = LIMITS.steps;
  }

  /** Throws `OverLimit` when fewer steps are left. */
  spend(steps: number): void {
    this.#left -= steps;
    this.#inAll -= steps;
    this.#sinceTurn += steps;
    if (this.#left < 0 || this.#inAll < 0) throw new OverLimit('steps');
  }

  /** Spends one step for every four characters of a text, items of a list or properties of an object. */
  spendOnSize(size: number): void {
    this.spend(Math.ceil(size / 4));
  }

  /**
   * Spends one step. Returns a promise when the evaluation must yield to the event loop, which microtasks alone never do. The
   * promise rejects with a `Failure` when too many evaluations have yielded.
   */
  step(): Promise<void> | undefined {
    this.spend(1);
    return this.#sinceTurn < STEPS_A_TURN ? undefined : this.#yield();
  }

  async #yield(): Promise<void> {
    if (longEvaluations >= MAX_LONG_EVALUATIONS)
      throw new Failure('mapping-overloaded', 'Too many slow mappings are in progress.');
    longEvaluations += 1;
    lastTurn = lastTurn.then(() => nextTurn());
    await lastTurn;
    longEvaluations -= 1;
    this.#sinceTurn = 0;
  }
}
