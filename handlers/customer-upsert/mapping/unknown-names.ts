import { nearest, type UnusableProp } from '../../../src/handler.ts';
import { BUILT_IN_FUNCTIONS } from './built-in-functions.ts';
import { CUSTOMER, type Shape } from './customer-shape.ts';
import { IMPURE } from './expression.ts';
import { isNode, localNames, parse } from './syntax-tree.ts';

/** A definition or a field of the mapping. */
interface Source {
  readonly path: readonly string[];
  readonly source: string;
}

/** The known fields of a value; undefined if any names are allowed. */
type Known = Shape | undefined;

/**
 * Finds names in a mapping that do not exist: fields that neither a customer nor an address has, and a `$name` that is
 * neither defined above nor a function of JSONata. Their value would be empty for every customer, and the Fluent field would
 * be blanked. A name is accepted if the type of the value before it is not known.
 */
export function findUnknownNames(
  define: Readonly<Record<string, string>>,
  fields: readonly Source[],
): UnusableProp[] {
  const definitions = new Map<string, Known>();
  const unknown: UnusableProp[] = [];
  for (const [name, source] of Object.entries(define)) {
    const path = ['define', name];
    const later = Object.keys(define).filter((other) => other !== name && !definitions.has(other));
    definitions.set(name, check({ path, source }, definitions, later, unknown));
  }
  for (const field of fields) check(field, definitions, [], unknown);
  return unknown;
}

/** Adds the unknown names of one expression, each once, and returns the known fields of the expression's value. */
function check(
  { path, source }: Source,
  definitions: ReadonlyMap<string, Known>,
  later: readonly string[],
  unknown: UnusableProp[],
): Known {
  const ast = parse(source);
  const names = [...definitions.keys(), ...localNames(ast), ...BUILT_IN_FUNCTIONS];
  const reported = new Set<string>();

  function reportOnce(found: string, expected: string, advice: string): void {
    if (reported.has(found)) return;
    reported.add(found);
    unknown.push({ path, expected, found, advice });
  }

  function readVariable(name: string, context: Known): Known {
    if (name === '') return context;
    if (name === '$') return CUSTOMER;
    // `ExpressionSource` reports the impure functions.
    if (!names.includes(name) && !IMPURE.has(name)) {
      const meant = nearest(name, names);
      reportOnce(
        `$${name}`,
        'a name that is defined above, or a function of JSONata',
        later.includes(name)
          ? `Put the definition of ${name} above this one.`
          : meant === undefined
            ? 'Names are defined under `define`; the functions are documented at https://docs.jsonata.org.'
            : `Did you mean $${meant}?`,
      );
    }
    return definitions.get(name);
  }

  function readName(name: string, context: Known): Known {
    if (!context) return undefined;
    if (!Object.hasOwn(context.fields, name)) {
      const known = Object.keys(context.fields);
      const meant = nearest(name, known);
      reportOnce(
        name,
        `a field of ${context.title}`,
        name === 'password'
          ? "Use another field: a mapping cannot read the password's hash."
          : meant === undefined
            ? `Its fields are ${known.join(', ')}. To read a field that is newer than this version, use $lookup($, "${name}").`
            : `Did you mean ${meant}?`,
      );
    }
    return context.fields[name];
  }

  function readAll(part: unknown, context: Known): void {
    if (Array.isArray(part)) for (const one of part) readAll(one, context);
    else read(part, context);
  }

  function read(node: unknown, context: Known): Known {
    if (!isNode(node)) return undefined;
    const { type, value, stages, predicate, group } = node;
    const result = readNode(String(type), value, node, context);
    for (const part of [stages, predicate])
      if (Array.isArray(part)) for (const stage of part) if (isNode(stage)) readAll(stage['expr'], result);
    if (isNode(group)) {
      readAll(group['lhs'], result);
      return undefined;
    }
    return result;
  }

  function readNode(type: string, value: unknown, node: Record<string, unknown>, context: Known): Known {
    switch (type) {
      case 'path':
        return readPath(node['steps'], context);
      case 'name':
        return readName(String(value), context);
      case 'variable':
        return readVariable(String(value), context);
      case 'block': {
        const expressions = Array.isArray(node['expressions']) ? node['expressions'] : [];
        return expressions.reduce<Known>((_, one: unknown) => read(one, context), undefined);
      }
      case 'condition': {
        read(node['condition'], context);
        const [first, second] = [read(node['then'], context), read(node['else'], context)];
        return first === second ? first : undefined;
      }
      case 'sort':
        readAll(termsOf(node), context);
        return context;
      case 'transform':
        // The expression does not show the type of the value that it changes.
        for (const part of ['pattern', 'update', 'delete']) readAll(node[part], undefined);
        return undefined;
      case 'bind':
        return read(node['rhs'], context);
      default:
        for (const part of ['lhs', 'rhs', 'expression', 'expressions', 'arguments', 'procedure', 'body'])
          readAll(node[part], context);
        return undefined;
    }
  }

  function readPath(steps: unknown, context: Known): Known {
    if (!Array.isArray(steps)) return undefined;
    // `@$name` and `%` refer to values other than the result of the previous step.
    const isPlain = steps.every(
      (step) => isNode(step) && step['focus'] === undefined && step['type'] !== 'parent',
    );
    let known = context;
    for (const [index, step] of steps.entries()) {
      known = read(step, known);
      if (!isPlain && index === 0) known = undefined;
    }
    return known;
  }

  return read(ast, CUSTOMER);
}

function termsOf({ terms }: Record<string, unknown>): unknown[] {
  return Array.isArray(terms) ? terms.map((term) => (isNode(term) ? term['expression'] : undefined)) : [];
}
