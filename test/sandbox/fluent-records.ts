import type { IncomingHttpHeaders } from 'node:http';
import { getOperationAST, parse } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Write } from './fluent-customers.ts';
import type { RequestKind } from './fluent-faults.ts';

/** The number of HTTP requests, and of the operations (aliases) in them. */
export interface OutcomeCounter {
  requests: number;
  operations: number;
}

/** One GraphQL request as it was sent. */
export interface SentOperation {
  readonly kind: 'query' | 'mutation';
  readonly document: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly aliases: readonly string[];
}

/** The requests received. `sent` contains the last GraphQL requests with a valid token, oldest first. */
export interface Requests extends Readonly<Record<RequestKind, OutcomeCounter>> {
  /** The number of GraphQL requests without a valid token. */
  unauthorised: number;
  readonly sent: SentOperation[];
  /** The headers of the last requests of any kind, oldest first. */
  readonly headers: IncomingHttpHeaders[];
}

/** The writes that took effect: totals, and the last writes, oldest first. */
export interface Writes {
  created: number;
  updated: number;
  readonly last: Write[];
}

/** Appends to a list that keeps at least the last `bound` entries and at most twice as many. */
export function remember<Entry>(list: Entry[], entry: Entry, bound: number): void {
  list.push(entry);
  if (list.length > bound * 2) list.splice(0, list.length - bound);
}

/** The properties of a document that are needed before it is executed. */
export interface Reading {
  readonly kind: 'query' | 'mutation';
  readonly document: string;
  readonly aliases: readonly string[];
}

/** Parses documents, each text once. An invalid document counts as an empty query: its execution returns the error. */
export function documentReader(): (document: string, operationName: string | undefined) => Reading {
  const readings = new LRUCache<string, Reading>({ max: 1000 });
  return (document, operationName) => {
    const key = operationName === undefined ? document : `${operationName}\n${document}`;
    const known = readings.get(key);
    if (known !== undefined) return known;
    const reading = read(document, operationName);
    readings.set(key, reading);
    return reading;
  };
}

function read(document: string, operationName: string | undefined): Reading {
  try {
    const operation = getOperationAST(parse(document), operationName);
    const fields = operation?.selectionSet.selections.filter((selection) => selection.kind === 'Field') ?? [];
    const aliases = fields.map(({ alias, name }) => alias?.value ?? name.value);
    return { kind: operation?.operation === 'mutation' ? 'mutation' : 'query', document, aliases };
  } catch {
    return { kind: 'query', document, aliases: [] };
  }
}
