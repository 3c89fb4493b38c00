import { Budget } from './budget.ts';

/** The variable that holds the budget; no expression can name one with a space. */
export const BUDGET = 'the budget';

/** A node of the syntax tree, as far as the hooks look at it. */
interface Node {
  readonly type?: unknown;
  readonly steps?: readonly Node[];
  readonly group?: unknown;
}

interface Frame {
  lookup(name: string): unknown;
}

/** JSONata's expression. Its own type takes no symbol for a name. */
interface Hooked {
  assign(name: string | symbol, value: unknown): void;
}

/**
 * Makes an expression pay for each node that it evaluates, and for the size of what the node gives, from the budget in its
 * bindings. JSONata's two hooks are not in its documentation; its debuggers use them.
 */
export function payForNodes(expression: Hooked): void {
  expression.assign(
    Symbol.for('jsonata.__evaluate_entry'),
    (_node: Node, _input: unknown, frame: Frame): Promise<void> | undefined => budgetIn(frame)?.step(),
  );
  expression.assign(
    Symbol.for('jsonata.__evaluate_exit'),
    (node: Node, _input: unknown, frame: Frame, result: unknown): void => {
      if (typeof result === 'string') budgetIn(frame)?.spendOnSize(result.length);
      else if (typeof result === 'object' && result !== null && mayGrow(node))
        payForParts(result, budgetIn(frame));
    },
  );
}

/** The budget of the evaluation that `frame` belongs to. */
export function budgetIn(frame: Frame): Budget | undefined {
  const budget = frame.lookup(BUDGET);
  return budget instanceof Budget ? budget : undefined;
}

/** False where the result is never larger than what the node was given: names select, variables hold what is paid for. */
function mayGrow({ type, steps, group }: Node): boolean {
  if (type === 'path') return group !== undefined || steps?.some((step) => step.type !== 'name') !== false;
  return type === 'unary' || type === 'function' || type === 'apply' || type === 'descendant';
}

/**
 * Counts shared parts as often as they occur, as whoever writes the value as text would. So what doubles with each level
 * is over the limit long before it fills the memory, and a cycle is as well.
 */
function payForParts(value: object, budget: Budget | undefined): void {
  const rest: unknown[] = [value];
  while (rest.length > 0) {
    const next = rest.pop();
    if (typeof next === 'string') budget?.spendOnSize(next.length);
    if (typeof next !== 'object' || next === null || isFunction(next)) continue;
    const parts = Array.isArray(next) ? next : Object.values(next);
    budget?.spendOnSize(parts.length);
    for (const part of parts) rest.push(part);
  }
}

/** The engine's functions hold its own state, which is no part of the value. */
function isFunction(value: object): boolean {
  return '_jsonata_function' in value || '_jsonata_lambda' in value;
}
