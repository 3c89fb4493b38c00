import jsonata from 'jsonata';

/** Names that an expression gives itself: by `:=`, as a parameter, by `@$name` and `#$name`. */
export function localNames(node: unknown, seen: Set<unknown> = new Set()): string[] {
  if (typeof node !== 'object' || node === null || seen.has(node)) return [];
  seen.add(node);
  const own: string[] = [];
  if (isNode(node)) {
    const { type, lhs, arguments: parameters, focus, index } = node;
    const given = type === 'bind' ? [lhs] : type === 'lambda' && Array.isArray(parameters) ? parameters : [];
    own.push(...given.flatMap((variable) => (isNode(variable) ? String(variable['value']) : [])));
    own.push(...[focus, index].filter((name) => typeof name === 'string'));
  }
  return [...own, ...Object.values(node).flatMap((part) => localNames(part, seen))];
}

/** The syntax tree of an expression; undefined for what is none. */
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
