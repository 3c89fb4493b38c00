import type { Mapping } from './mapping.ts';
import { isNode, parse } from './syntax-tree.ts';

/**
 * What a username is made from: the `id` alone (the look-up in Fluent need not wait for the customer), the identifiers that
 * even a deletion carries, or more of the `customer`.
 */
export type UsernameNeeds = 'id' | 'identifiers' | 'customer';

const IDENTIFIERS = new Set(['id', 'key', 'externalId', 'customerNumber']);

/**
 * Reads from the expression, and from the definitions that it uses, which fields of a customer its value can depend on. What
 * does not parse depends on nothing: `ExpressionSource` reports it.
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

/** Stands for the whole customer: no identifier has this name. */
const ALL: Need = { kind: 'field', name: '*' };

/** What a part of a syntax tree needs. What it cannot tell counts as the whole customer. */
function needsOf(node: unknown, seen: Set<unknown>): Need[] {
  if (Array.isArray(node)) return node.flatMap((part) => needsOf(part, seen));
  // Nodes may point back to the nodes around them.
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
      const given = needsOf(node['arguments'], seen);
      // With an argument left out, JSONata puts the whole customer in its place.
      return [...needsOf(node['procedure'], seen), ...(given.length === 0 ? [ALL] : given)];
    }
    default:
      return needsOfParts(node, seen);
  }
}

/** A path needs its first step; what the later ones, and the predicates, read of it is part of that. */
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
