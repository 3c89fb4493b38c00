import { invalid } from './commercetools-answer.ts';
import { bound, compile, namedIds } from './commercetools-match.ts';
import { type Predicate, PredicateError, parsePredicate } from './commercetools-predicate.ts';
import { type CustomerTable, compareText, type Entry } from './commercetools-table.ts';

const LIMIT = { default: 20, maximum: 500 };
const MAXIMUM_OFFSET = 10_000;

interface Page {
  readonly limit: number;
  readonly offset: number;
  readonly total?: number;
  readonly entries: readonly Entry[];
}

interface Sort {
  readonly field: string;
  readonly descending: boolean;
}

/** Answers a query on customers. Throws a Refusal with 400 for a parameter that the API would refuse. */
export function queryCustomers(table: CustomerTable, parameters: URLSearchParams): Page {
  const { limit, offset } = readPaging(parameters);
  const withTotal = parameters.get('withTotal') !== 'false';
  const where = readWhere(parameters);
  const sort = parameters.getAll('sort').map(readSort);
  const { candidates, sorted } = choose(table, where, sort);
  const matches = where === undefined ? () => true : compile(where);

  const found: Entry[] = [];
  const enough = sorted && !withTotal ? offset + limit : Number.POSITIVE_INFINITY;
  for (const entry of candidates) {
    if (found.length >= enough) break;
    if (matches(entry.customer)) found.push(entry);
  }
  if (!sorted) found.sort((left, right) => compareBy(sort, left, right));
  const page = { limit, offset, entries: found.slice(offset, offset + limit) };
  return withTotal ? { ...page, total: found.length } : page;
}

/** The limit and offset of a query for any kind of resource. Throws a Refusal with 400 for a value out of range. */
export function readPaging(parameters: URLSearchParams): { limit: number; offset: number } {
  return {
    limit: readNumber(parameters, 'limit', LIMIT.default, LIMIT.maximum),
    offset: readNumber(parameters, 'offset', 0, MAXIMUM_OFFSET),
  };
}

function readNumber(parameters: URLSearchParams, name: string, otherwise: number, maximum: number): number {
  const text = parameters.get(name);
  if (text === null) return otherwise;
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= maximum) return value;
  throw invalid(
    `Malformed parameter: ${name}: expected a whole number from 0 to ${maximum}, found '${text}'.`,
  );
}

function readWhere(parameters: URLSearchParams): Predicate | undefined {
  const variables = new Map<string, string>();
  for (const [name, value] of parameters) {
    if (name.startsWith('var.')) variables.set(name.slice('var.'.length), value);
  }
  let where: Predicate | undefined;
  for (const text of parameters.getAll('where')) {
    try {
      const next = parsePredicate(text, variables);
      where = where === undefined ? next : { kind: 'and', left: where, right: next };
    } catch (error) {
      if (error instanceof PredicateError) throw invalid(`Malformed parameter: where: ${error.message}.`);
      throw error;
    }
  }
  return where;
}

function readSort(text: string): Sort {
  const [, field, direction] = /^\s*([A-Za-z]+)(?:\s+(asc|desc))?\s*$/i.exec(text) ?? [];
  if (field === undefined)
    throw invalid(`Malformed parameter: sort: expected '<field> asc|desc', found '${text}'.`);
  return { field, descending: direction?.toLowerCase() === 'desc' };
}

// For an order with an index, only the range of the page is read. For other orders, all customers are read and sorted.
function choose(table: CustomerTable, where: Predicate | undefined, sort: readonly Sort[]) {
  const ids = where && namedIds(where);
  if (ids !== undefined) {
    const entries = [...ids].map((id) => table.byId.get(id)).filter((entry) => entry !== undefined);
    return { candidates: entries, sorted: false };
  }
  const wanted = sort.map(({ field, descending }) => `${field}${descending ? ' desc' : ''}`).join();
  if (wanted === '' || wanted === 'id') {
    const from = where && bound(where, 'id', 'lower');
    const { items } = table.inIdOrder;
    const start = from === undefined ? 0 : table.inIdOrder.indexOf({ id: from, lastModifiedAt: '' });
    return { candidates: between(items, start), sorted: true };
  }
  if (wanted === 'lastModifiedAt' || wanted === 'lastModifiedAt,id') {
    const from = (where && bound(where, 'lastModifiedAt', 'lower')) ?? '';
    const until = where && bound(where, 'lastModifiedAt', 'upper');
    const { items } = table.inChangeOrder;
    const start = table.inChangeOrder.indexOf({ id: '', lastModifiedAt: from });
    return { candidates: between(items, start, until), sorted: true };
  }
  return { candidates: table.inIdOrder.items, sorted: false };
}

function* between(items: readonly Entry[], start: number, until?: string): Generator<Entry> {
  for (let index = start; index < items.length; index += 1) {
    const entry = items[index];
    if (entry === undefined || (until !== undefined && entry.customer.lastModifiedAt > until)) return;
    yield entry;
  }
}

function compareBy(sort: readonly Sort[], left: Entry, right: Entry): number {
  for (const { field, descending } of sort) {
    const order = compareValues(Reflect.get(left.customer, field), Reflect.get(right.customer, field));
    if (order !== 0) return descending ? -order : order;
  }
  return compareText(left.customer.id, right.customer.id);
}

function compareValues(left: unknown, right: unknown): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  return compareText(String(left ?? ''), String(right ?? ''));
}
