import jsonata from 'jsonata';

/** Returns the variables that an expression defines itself: by `:=`, as a parameter, by `@$name` or `#$name`. */
export function localNames(node: unknown, seen: Set<unknown> = new Set()): string[] {
  if (typeof node !== 'object' || node === null || seen.has(node)) return [];
  seen.add(node);
  const own: string[] = [];
  if (isNode(node)) {
    const { type, lhs, arguments: parameters, focus, index } = node;
    const defined =
      type === 'bind' ? [lhs] : type === 'lambda' && Array.isArray(parameters) ? parameters : [];
    own.push(...defined.flatMap((variable) => (isNode(variable) ? String(variable['value']) : [])));
    own.push(...[focus, index].filter((name) => typeof name === 'string'));
  }
  return [...own, ...Object.values(node).flatMap((part) => localNames(part, seen))];
}

/** Returns the syntax tree of an expression; undefined if it is not valid. */
export function parse(source: string): unknown {
  try {
    return jsonata(source).ast();
  } catch {
    return undefined;
  }
}

/** True for a node of a syntax tree. */
export function isNode(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
