import { Budget } from './budget.ts';

/** The variable that holds the budget. Expressions cannot use it, because its name contains a space. */
export const BUDGET = 'the budget';

/** The properties of a syntax tree node that the hooks read. */
interface Node {
  readonly type?: unknown;
  readonly steps?: readonly Node[];
  readonly group?: unknown;
}

interface Frame {
  lookup(name: string): unknown;
}

/** JSONata's expression, whose published type does not allow a symbol as a name. */
interface Hooked {
  assign(name: string | symbol, value: unknown): void;
}

/**
 * Spends a step of the budget for each node that the expression evaluates, and steps for the size of the node's result. The
 * two hooks are not documented by JSONata; its debuggers use them.
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

/** Returns the budget of the evaluation that `frame` belongs to. */
export function budgetIn(frame: Frame): Budget | undefined {
  const budget = frame.lookup(BUDGET);
  return budget instanceof Budget ? budget : undefined;
}

/**
 * False if the result cannot be larger than the input: a name selects a part, and the value of a variable was counted before.
 */
function mayGrow({ type, steps, group }: Node): boolean {
  if (type === 'path') return group !== undefined || steps?.some((step) => step.type !== 'name') !== false;
  return type === 'unary' || type === 'function' || type === 'apply' || type === 'descendant';
}

/**
 * Counts a shared part each time it occurs, as its JSON text would. A value that doubles with each level of nesting, or that
 * contains a cycle, therefore exceeds the limit before it exhausts the memory.
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

/** True for a function of the engine: its properties are internal state of the engine. */
function isFunction(value: object): boolean {
  return '_jsonata_function' in value || '_jsonata_lambda' in value;
}
