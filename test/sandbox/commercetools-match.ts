import type { Operator, Predicate, Value } from './commercetools-predicate.ts';

type Matches = (target: unknown) => boolean;

/** Compiles a predicate to a function of a resource. */
export function compile(predicate: Predicate): Matches {
  switch (predicate.kind) {
    case 'and':
    case 'or': {
      const left = compile(predicate.left);
      const right = compile(predicate.right);
      if (predicate.kind === 'and') return (target) => left(target) && right(target);
      return (target) => left(target) || right(target);
    }
    case 'not': {
      const inner = compile(predicate.inner);
      return (target) => !inner(target);
    }
    case 'nested': {
      const inner = compile(predicate.inner);
      return (target) => all(field(target, predicate.field)).some(inner);
    }
    case 'compare': {
      const { operator, value } = predicate;
      return (target) => all(field(target, predicate.field)).some((found) => holds(found, operator, value));
    }
    case 'in': {
      const values: ReadonlySet<unknown> = predicate.values;
      return (target) => all(field(target, predicate.field)).some((found) => values.has(found));
    }
    case 'contains': {
      return (target) => {
        const found = all(field(target, predicate.field));
        const has = (value: Value) => found.includes(value);
        return predicate.every ? predicate.values.every(has) : predicate.values.some(has);
      };
    }
    case 'defined':
      return (target) => field(target, predicate.field) !== undefined;
    case 'empty':
      return (target) => all(field(target, predicate.field)).length === 0;
  }
}

/** Returns the ids that can match if the predicate lists them; undefined if any id can match. */
export function namedIds(predicate: Predicate): ReadonlySet<string> | undefined {
  if (predicate.kind === 'compare' && predicate.field === 'id' && predicate.operator === '=') {
    return new Set([String(predicate.value)]);
  }
  if (predicate.kind === 'in' && predicate.field === 'id') return new Set([...predicate.values].map(String));
  if (predicate.kind !== 'and' && predicate.kind !== 'or') return undefined;
  const left = namedIds(predicate.left);
  const right = namedIds(predicate.right);
  if (predicate.kind === 'and') return left ?? right;
  return left === undefined || right === undefined ? undefined : left.union(right);
}

const BOUNDS: Record<'lower' | 'upper', readonly Operator[]> = {
  lower: ['=', '>', '>='],
  upper: ['=', '<', '<='],
};

/** Returns the smallest (or largest) value of a text field that can match; undefined if there is no such bound. */
export function bound(predicate: Predicate, name: string, side: 'lower' | 'upper'): string | undefined {
  if (predicate.kind === 'compare') {
    const { field, operator, value } = predicate;
    return field === name && BOUNDS[side].includes(operator) && typeof value === 'string' ? value : undefined;
  }
  if (predicate.kind !== 'and' && predicate.kind !== 'or') return undefined;
  const left = bound(predicate.left, name, side);
  const right = bound(predicate.right, name, side);
  if (left === undefined || right === undefined)
    return predicate.kind === 'and' ? (left ?? right) : undefined;
  const narrow = predicate.kind === 'and';
  return left > right === (narrow === (side === 'lower')) ? left : right;
}

function field(target: unknown, name: string): unknown {
  if (typeof target !== 'object' || target === null) return undefined;
  const found: unknown = Reflect.get(target, name);
  return found ?? undefined;
}

function all(found: unknown): unknown[] {
  if (found === undefined) return [];
  return Array.isArray(found) ? found : [found];
}

function holds(found: unknown, operator: Operator, value: Value): boolean {
  if (operator === '=') return found === value;
  if (operator === '!=') return found !== value;
  const pair = [found, value];
  const comparable =
    pair.every((side) => typeof side === 'string') || pair.every((side) => typeof side === 'number');
  if (!comparable || (typeof found !== 'string' && typeof found !== 'number')) return false;
  if (operator === '<') return found < value;
  if (operator === '<=') return found <= value;
  return operator === '>' ? found > value : found >= value;
}
