import { isDeepStrictEqual } from 'node:util';
import jsonata from 'jsonata';
import { z } from 'zod';

/** A JSONata expression, ready to evaluate; pure, so it may not ask the clock or chance. */
export interface Expression {
  readonly source: string;
  /** True when it is a plain path into the input, so that no definition can matter to it. */
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
  const choice = plainChoice(expression.ast());
  return {
    source,
    standsAlone:
      choice !== undefined && [choice.path, choice.otherwise].every((path) => path?.variable === undefined),
    evaluate(input, bindings) {
      const value = choice === undefined ? USE_ENGINE : choose(choice, input, bindings);
      return value === USE_ENGINE ? expression.evaluate(input, bindings) : value;
    },
  };
}

const USE_ENGINE = Symbol('use the engine');

/** One path, or two of which the second stands in where the first gives nothing: `$address.phone ?: $address.mobile`. */
interface PlainChoice {
  readonly path: PlainPath;
  readonly otherwise?: PlainPath;
}

function choose(
  { path, otherwise }: PlainChoice,
  input: unknown,
  bindings: Readonly<Record<string, unknown>>,
): unknown {
  const value = follow(path, input, bindings);
  if (!otherwise || value === USE_ENGINE) return value;
  // Texts are what fallbacks are for; what else is true or false is for the engine to say.
  if (value === undefined || value === '') return follow(otherwise, input, bindings);
  return typeof value === 'string' ? value : USE_ENGINE;
}

function plainChoice(ast: unknown): PlainChoice | undefined {
  const path = plainPath(ast);
  if (path) return { path };
  if (!isRecord(ast) || ast['type'] !== 'condition') return undefined;
  const [condition, then, otherwise] = [ast['condition'], ast['then'], ast['else']].map(plainPath);
  if (!condition || !then || !otherwise || !isDeepStrictEqual(condition, then)) return undefined;
  return { path: then, otherwise };
}

/**
 * Most of a mapping is `title` or `$address.country`; following such a path takes a fiftieth of the engine's time.
 * Arrays are left to the engine, which has rules of its own for them.
 */
function follow(
  { variable, names }: PlainPath,
  input: unknown,
  bindings: Readonly<Record<string, unknown>>,
): unknown {
  // What is not defined in the mapping is the engine's: `$`, `$$` and its functions.
  if (variable !== undefined && !Object.hasOwn(bindings, variable)) return USE_ENGINE;
  let value = variable === undefined ? input : bindings[variable];
  for (const name of names) {
    if (Array.isArray(value)) return USE_ENGINE;
    if (!isRecord(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return Array.isArray(value) ? USE_ENGINE : value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

interface PlainPath {
  readonly variable: string | undefined;
  readonly names: readonly string[];
}

const PlainPathNode = z.strictObject({
  type: z.literal('path'),
  steps: z.array(
    // The engine's nodes inherit from its grammar's symbols, and what is inherited is no part of the step.
    z.preprocess(
      (step) => (isRecord(step) ? { ...step } : step),
      z.strictObject({
        type: z.enum(['name', 'variable']),
        value: z.string(),
        position: z.number().optional(),
      }),
    ),
  ),
});

function plainPath(ast: unknown): PlainPath | undefined {
  const node = PlainPathNode.safeParse(ast);
  if (!node.success) return undefined;
  const [first, ...rest] = node.data.steps;
  if (!first || rest.some(({ type }) => type !== 'name')) return undefined;
  const names = rest.map(({ value }) => value);
  return first.type === 'variable'
    ? { variable: first.value, names }
    : { variable: undefined, names: [first.value, ...names] };
}
