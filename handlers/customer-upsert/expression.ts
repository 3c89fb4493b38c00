import jsonata from 'jsonata';
import { z } from 'zod';
import { compileDirect, USE_ENGINE } from './direct-expression.ts';

/** A JSONata expression, ready to evaluate; pure, so it may not ask the clock or chance. */
export interface Expression {
  readonly source: string;
  /** True when no definition can matter to it, as for a path into the input. */
  readonly standsAlone: boolean;
  /** A promise only where the engine was asked. */
  evaluate(input: unknown, bindings: Readonly<Record<string, unknown>>): unknown;
}

const IMPURE = new Set(['now', 'millis', 'random', 'shuffle', 'eval']);

/** The text of an expression in `connector.yml`; a fault in it has its line, as every fault there. */
export const ExpressionSource = z.string().check((context) => {
  const fault = faultOf(context.value);
  if (fault) context.issues.push({ code: 'custom', message: fault, input: context.value });
});

function faultOf(source: string): string | undefined {
  try {
    const impure = impureIn(jsonata(source).ast(), new Set());
    return impure === undefined
      ? undefined
      : `a pure JSONata expression (the same customer always gives the same result), without $${impure}`;
  } catch (error) {
    return `a JSONata expression (${describe(error)})`;
  }
}

/** The name of an impure function wherever the expression mentions it: one may be handed on without being called. */
function impureIn(node: unknown, seen: Set<unknown>): string | undefined {
  if (!isRecord(node) || seen.has(node)) return undefined;
  seen.add(node);
  const { type, value } = node;
  if (type === 'variable' && typeof value === 'string' && IMPURE.has(value)) return value;
  for (const child of Object.values(node)) {
    const found = impureIn(child, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

function describe(error: unknown): string {
  if (!error || typeof error !== 'object') return 'unreadable';
  const message = 'message' in error ? String(error.message) : 'unreadable';
  return 'position' in error ? `${message}, at character ${String(error.position)}` : message;
}

/** Compiles an expression that `ExpressionSource` has passed. */
export function compile(source: string): Expression {
  const expression = jsonata(source);
  const direct = compileDirect(expression.ast());
  return {
    source,
    standsAlone: direct?.standsAlone ?? false,
    evaluate(input, bindings) {
      const value = direct === undefined ? USE_ENGINE : direct.evaluate(input, bindings);
      return value === USE_ENGINE ? expression.evaluate(input, bindings) : value;
    },
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
