import jsonata from 'jsonata';
import { z } from 'zod';
import { payForCalls } from './bounded-functions.ts';
import { Budget, LIMITS, OverLimit } from './budget.ts';
import { compileDirect, USE_ENGINE } from './direct-expression.ts';
import { BUDGET, payForNodes } from './evaluation-hooks.ts';
import { UNUSABLE } from './fit.ts';
import { compileLinear, searchInstead } from './regular-expression.ts';

/** A compiled JSONata expression. It is pure: it uses neither the time nor random numbers. */
export interface Expression {
  readonly source: string;
  /** True when the result does not depend on definitions, as for a path into the input. */
  readonly standsAlone: boolean;
  /**
   * Returns a promise only if the engine was used. Fails with an error for which `isOverLimit` is true if it exceeds the
   * budget in the bindings, or uses a definition that is `UNUSABLE` because it exceeded the budget.
   */
  evaluate(input: unknown, bindings: Readonly<Record<string, unknown>>): unknown;
}

/** Functions of JSONata that a mapping may not use. */
export const IMPURE: ReadonlySet<string> = new Set(['now', 'millis', 'random', 'shuffle', 'eval']);

/** The source of an expression in `connector.yml`. */
export const ExpressionSource = z
  .string()
  .describe('A JSONata expression over the commercetools customer.')
  .check((context) => {
    const fault = faultOf(context.value);
    // The rest of the mapping is still checked, so that one start reports every fault.
    if (fault) context.issues.push({ code: 'custom', message: fault, input: context.value, continue: true });
  });

function faultOf(source: string): string | undefined {
  try {
    const nodes = nodesOf(jsonata(source).ast());
    const impure = nodes.map(variableOf).find((name) => name !== undefined && IMPURE.has(name));
    if (impure !== undefined)
      return `a pure JSONata expression (the same customer always gives the same result), without $${impure}`;
    return literalsOf(nodes).map(literalFault).find(Boolean);
  } catch (error) {
    return `a JSONata expression (${describe(error)})`;
  }
}

function literalFault(literal: RegExp): string | undefined {
  try {
    compileLinear(literal);
    return undefined;
  } catch (error) {
    const why = describe(error).replace('error parsing regexp: ', '');
    return `a regular expression of linear time, without look-around and backreferences (/${literal.source}/: ${why}); write it in two steps, or use functions such as $substringBefore and $contains`;
  }
}

/** Returns every node of a syntax tree once. All nodes are needed, because a function can be passed on without being called. */
function nodesOf(node: unknown, seen = new Set<unknown>()): Record<string, unknown>[] {
  if (!isRecord(node) || seen.has(node)) return [];
  seen.add(node);
  return [node, ...Object.values(node).flatMap((child) => nodesOf(child, seen))];
}

function variableOf({ type, value }: Record<string, unknown>): string | undefined {
  return type === 'variable' && typeof value === 'string' ? value : undefined;
}

function literalsOf(nodes: readonly Record<string, unknown>[]): RegExp[] {
  return nodes.flatMap(({ value }) => (value instanceof RegExp ? [value] : []));
}

function describe(error: unknown): string {
  if (!error || typeof error !== 'object') return 'unreadable';
  const message = 'message' in error ? String(error.message) : 'unreadable';
  return 'position' in error ? `${message}, at character ${String(error.position)}` : message;
}

/** Compiles an expression that `ExpressionSource` has accepted. */
export function compile(source: string): Expression {
  const compiled = new Map<unknown, ReturnType<typeof compileLinear>>();
  const expression = jsonata(source, {
    stack: LIMITS.depth,
    sequence: LIMITS.items,
    RegexEngine: searchInstead(compiled),
  });
  const nodes = nodesOf(expression.ast());
  payForNodes(expression);
  payForCalls(expression);
  for (const literal of literalsOf(nodes)) compiled.set(literal, compileLinear(literal));
  const variables = [...new Set(nodes.map(variableOf))].filter((name) => name !== undefined);
  const direct = compileDirect(expression.ast());
  return {
    source,
    standsAlone: direct?.standsAlone ?? false,
    evaluate(input, bindings) {
      // The field must not be evaluated without the definition: it would seem empty, and would be blanked in Fluent.
      for (const name of variables) if (bindings[name] === UNUSABLE) throw new OverLimit('steps');
      const value = direct === undefined ? USE_ENGINE : direct.evaluate(input, bindings);
      if (value !== USE_ENGINE) return value;
      const budget = bindings[BUDGET];
      if (budget instanceof Budget) budget.begin();
      return expression.evaluate(input, bindings);
    },
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
