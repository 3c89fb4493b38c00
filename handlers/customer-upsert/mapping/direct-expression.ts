import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';

/** Returned by a direct evaluation that must be repeated with JSONata's engine. */
export const USE_ENGINE = Symbol('use the engine');

type Bindings = Readonly<Record<string, unknown>>;

/** An expression that is evaluated without JSONata's engine. */
export interface DirectExpression {
  /** True when the result does not depend on the mapping's definitions. */
  readonly standsAlone: boolean;
  /** The engine's result, or `USE_ENGINE`. Plain values only, never a promise. */
  evaluate(input: unknown, bindings: Bindings): unknown;
}

/**
 * Compiles the most frequent forms of expressions, and returns undefined for others: a path (`title`, `$address.country`), an
 * item of a list (`addresses[0].city`, `addresses[id = $$.defaultShippingAddressId]`), and a choice of two (`a ?? b`,
 * `a ?: b`). With the engine, a path takes fifty times as long, and the choice of an address causes a third of the memory
 * allocations of an event; `npm run bench` measures it.
 */
export function compileDirect(ast: unknown): DirectExpression | undefined {
  return compilePath(ast) ?? compileCoalescence(ast) ?? compileElvis(ast);
}

const Name = z.strictObject({ type: z.literal('name'), value: z.string(), position: z.number() });
const Variable = z.strictObject({ type: z.literal('variable'), value: z.string(), position: z.number() });
const Literal = z.strictObject({
  type: z.enum(['string', 'number']),
  value: z.union([z.string(), z.number()]),
  position: z.number(),
});
const Path = z.strictObject({ type: z.literal('path'), steps: z.array(z.unknown()) });
const Equality = z.strictObject({
  type: z.literal('binary'),
  value: z.literal('='),
  position: z.number(),
  lhs: z.unknown(),
  rhs: z.unknown(),
});
const Filtered = Name.extend({
  stages: z.tuple([z.strictObject({ type: z.literal('filter'), expr: z.unknown(), position: z.number() })]),
});
const Exists = z.strictObject({
  type: z.literal('function'),
  value: z.literal('('),
  name: z.undefined(),
  position: z.number().optional(),
  arguments: z.tuple([z.unknown()]),
  procedure: z.unknown(),
});
const ExistsName = z.strictObject({
  type: z.literal('variable'),
  value: z.literal('exists'),
  position: z.number().optional(),
});

/**
 * Returns the node if it matches the schema. Only its own properties are parsed, because nodes inherit others from the engine.
 */
function read<Schema extends z.ZodType>(schema: Schema, node: unknown): z.output<Schema> | undefined {
  return schema.safeParse(isRecord(node) ? { ...node } : node).data;
}

/**
 * Returns a condition and its two results. Not a zod schema, because the parsed object would have a method `then` like a
 * promise.
 */
function readCondition(node: unknown): { condition: unknown; first: unknown; second: unknown } | undefined {
  if (!isRecord(node) || node['type'] !== 'condition') return undefined;
  const { type: _type, position: _position, condition, then: first, else: second, ...more } = { ...node };
  return Object.keys(more).length === 0 ? { condition, first, second } : undefined;
}

/** The value, or `USE_ENGINE` for arrays, for which JSONata has special rules. */
type Step = (value: unknown, root: unknown) => unknown;

function compilePath(ast: unknown): DirectExpression | undefined {
  const [first, ...rest] = read(Path, ast)?.steps ?? [];
  const variable = read(Variable, first)?.value;
  const steps = (variable === undefined ? [first, ...rest] : rest).map(compileStep);
  if (first === undefined || !steps.every((step) => step !== undefined)) return undefined;
  const follow = (from: unknown, root: unknown) => {
    let value = from;
    for (const step of steps) {
      value = step(value, root);
      if (value === USE_ENGINE || value === undefined) return value;
    }
    return Array.isArray(value) ? USE_ENGINE : value;
  };
  if (variable === undefined || variable === '$')
    // `$$` alone is the whole input. The engine wraps it, so its result is not the input itself.
    return rest.length === 0 && variable === '$'
      ? undefined
      : { standsAlone: true, evaluate: (input) => follow(input, input) };
  return {
    standsAlone: false,
    evaluate(input, bindings) {
      // Only the engine resolves names that the mapping does not define: `$` and the built-in functions.
      return Object.hasOwn(bindings, variable) ? follow(bindings[variable], input) : USE_ENGINE;
    },
  };
}

function compileStep(node: unknown): Step | undefined {
  const name = read(Name, node)?.value;
  if (name !== undefined) return (value) => (Array.isArray(value) ? USE_ENGINE : propertyOf(value, name));
  const filtered = read(Filtered, node);
  const choose = filtered && compileFilter(filtered.stages[0].expr);
  if (!choose) return undefined;
  return (value, root) => {
    if (Array.isArray(value)) return USE_ENGINE;
    const list = propertyOf(value, filtered.value);
    if (list === undefined) return undefined;
    return Array.isArray(list) && list.every(isPlain) ? choose(list, root) : USE_ENGINE;
  };
}

/** The only item of a list that matches a filter. */
function compileFilter(node: unknown): ((list: readonly unknown[], root: unknown) => unknown) | undefined {
  const index = read(Literal, node)?.value;
  if (typeof index === 'number') return (list) => list.at(Math.floor(index));
  const equality = read(Equality, node);
  if (!equality) return undefined;
  const property = singleName(equality.lhs);
  const wanted = compileWanted(equality.rhs);
  if (property === undefined || !wanted) return undefined;
  return (list, root) => {
    const value = wanted(root);
    if (value === undefined) return undefined;
    if (typeof value !== 'string') return USE_ENGINE;
    const found = list.filter((item) => propertyOf(item, property) === value);
    return found.length > 1 ? USE_ENGINE : found[0];
  };
}

/** What an item's property must equal: a literal, or a path from the root. */
function compileWanted(node: unknown): ((root: unknown) => unknown) | undefined {
  const literal = read(Literal, node)?.value;
  if (literal !== undefined) return () => literal;
  const isFromRoot = read(Variable, read(Path, node)?.steps[0])?.value === '$';
  const path = isFromRoot ? compilePath(node) : undefined;
  return path && ((root) => path.evaluate(root, {}));
}

function singleName(ast: unknown): string | undefined {
  const path = read(Path, ast);
  return path?.steps.length === 1 ? read(Name, path.steps[0])?.value : undefined;
}

/** `a ?? b`, which the engine reads as `$exists(a) ? a : b`. */
function compileCoalescence(ast: unknown): DirectExpression | undefined {
  const choice = readCondition(ast);
  const exists = read(Exists, choice?.condition);
  if (!choice || !exists || !read(ExistsName, exists.procedure)) return undefined;
  if (!isDeepStrictEqual(exists.arguments[0], choice.first)) return undefined;
  const [first, second] = [choice.first, choice.second].map(compileDirect);
  if (!first || !second) return undefined;
  return {
    standsAlone: false,
    evaluate(input, bindings) {
      // A definition in the mapping may replace the function.
      if (Object.hasOwn(bindings, 'exists')) return USE_ENGINE;
      const value = first.evaluate(input, bindings);
      return value === undefined ? second.evaluate(input, bindings) : value;
    },
  };
}

/** `a ?: b`, which the engine reads as `a ? a : b`. */
function compileElvis(ast: unknown): DirectExpression | undefined {
  const choice = readCondition(ast);
  if (!choice || !isDeepStrictEqual(choice.condition, choice.first)) return undefined;
  const [first, second] = [choice.first, choice.second].map(compileDirect);
  if (!first || !second) return undefined;
  return {
    standsAlone: first.standsAlone && second.standsAlone,
    evaluate(input, bindings) {
      const value = first.evaluate(input, bindings);
      if (value === undefined || value === '') return second.evaluate(input, bindings);
      // Only the engine knows which other values are true.
      return typeof value === 'string' ? value : USE_ENGINE;
    },
  };
}

function propertyOf(value: unknown, name: string): unknown {
  return isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** False for items that the engine treats specially: it flattens arrays and calls functions. */
function isPlain(item: unknown): boolean {
  return item !== undefined && typeof item !== 'function' && !Array.isArray(item);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
