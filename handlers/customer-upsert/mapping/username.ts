import type { Mapping } from './mapping.ts';
import { isNode, parse } from './syntax-tree.ts';

/**
 * The fields that a username depends on: the `id` alone (then Fluent is looked up before the customer is read), the
 * `identifiers` that a deletion event contains too, or other fields of the `customer`.
 */
export type UsernameNeeds = 'id' | 'identifiers' | 'customer';

const IDENTIFIERS = new Set(['id', 'key', 'externalId', 'customerNumber']);

/**
 * Finds the fields of a customer that the username expression, with the definitions that it uses, can depend on. An invalid
 * expression depends on nothing; `ExpressionSource` reports it.
 */
export function usernameNeeds({ username, define }: Pick<Mapping, 'username' | 'define'>): UsernameNeeds {
  const fields = new Set<string>();
  const pending = [username];
  const seen = new Set<string>();
  for (let source = pending.pop(); source !== undefined; source = pending.pop()) {
    for (const need of needsOf(parse(source), new Set())) {
      const definition = need.kind === 'variable' ? define[need.name] : undefined;
      if (need.kind !== 'variable') fields.add(need.name);
      else if (definition !== undefined && !seen.has(need.name)) {
        seen.add(need.name);
        pending.push(definition);
      }
    }
  }
  if ([...fields].some((field) => !IDENTIFIERS.has(field))) return 'customer';
  return [...fields].every((field) => field === 'id') ? 'id' : 'identifiers';
}

interface Need {
  readonly kind: 'field' | 'variable';
  readonly name: string;
}

/** The whole customer. No identifier has this name. */
const ALL: Need = { kind: 'field', name: '*' };

/** The needs of a part of a syntax tree; the whole customer if they cannot be determined. */
function needsOf(node: unknown, seen: Set<unknown>): Need[] {
  if (Array.isArray(node)) return node.flatMap((part) => needsOf(part, seen));
  // Syntax trees contain cycles.
  if (!isNode(node) || seen.has(node)) return [];
  seen.add(node);
  const { type, value } = node;
  switch (type) {
    case 'path':
      return needsOfPath(node, seen);
    case 'name':
      return [{ kind: 'field', name: String(value) }, ...needsOfParts(node, seen)];
    case 'variable':
      return [needOfVariable(String(value)), ...needsOfParts(node, seen)];
    case 'wildcard':
    case 'descendant':
    case 'parent':
      return [ALL];
    case 'function':
    case 'partial': {
      const passed = needsOf(node['arguments'], seen);
      // JSONata passes the whole customer for a missing argument.
      return [...needsOf(node['procedure'], seen), ...(passed.length === 0 ? [ALL] : passed)];
    }
    default:
      return needsOfParts(node, seen);
  }
}

/** The needs of a path: those of its first step, which includes everything that later steps and predicates read from it. */
function needsOfPath(node: Record<string, unknown>, seen: Set<unknown>): Need[] {
  const steps = Array.isArray(node['steps']) ? node['steps'] : [];
  const [first, second] = steps.filter(isNode);
  const isCustomer = first?.['type'] === 'variable' && (first['value'] === '' || first['value'] === '$');
  if (isCustomer && second?.['type'] === 'name') return needsOf(steps.slice(1), seen);
  return needsOf(steps, seen);
}

function needOfVariable(name: string): Need {
  return name === '' || name === '$' ? ALL : { kind: 'variable', name };
}

function needsOfParts(node: Record<string, unknown>, seen: Set<unknown>): Need[] {
  return Object.values(node).flatMap((part) => needsOf(part, seen));
}
