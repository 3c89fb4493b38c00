import { isSeq } from 'yaml';
import type { z } from 'zod';
import { nearest } from '../router/nearest.ts';
import { isSecret, knownKeys } from './connector-schema.ts';
import type { SourceDocument } from './document.ts';
import { describeFound, type Fault } from './faults.ts';

/** The faults of the schema with their lines; for an unknown key, with the most similar known one. */
export function toFaults(issue: z.core.$ZodIssue, source: SourceDocument): Fault[] {
  if (issue.code !== 'unrecognized_keys') {
    const { path, message, input } = issue;
    // A URL may carry a password before its @.
    const secret = isSecret(path) || (typeof input === 'string' && input.includes('@'));
    return [{ where: source.locate(path), expected: message, found: describeFound(input, secret) }];
  }
  const known = knownKeys(issue.path);
  return issue.keys.map((key) => {
    const meant = nearest(key, known);
    const where = source.locateKey(issue.path, key);
    const fault = { where, expected: `one of ${known.join(', ')}`, found: key };
    return meant === undefined ? fault : { ...fault, advice: `Did you mean ${meant}?` };
  });
}

/** Duplicate project keys and route names, of which only the first would be used. */
export function duplicates(source: SourceDocument): Fault[] {
  return [
    ...repeated(source, 'accounts', ['commercetools', 'projectKey'], 'each project key once'),
    ...repeated(source, 'routes', ['route'], 'each route name once'),
  ];
}

// Asks the document and not the schema's output, which is not there as long as anything else is wrong.
function repeated(source: SourceDocument, list: string, field: readonly string[], expected: string): Fault[] {
  const items = source.document.get(list);
  if (!isSeq(items)) return [];
  const first = new Map<string, string>();
  return items.items.flatMap((_, index) => {
    const path = [list, index, ...field];
    const value = source.document.getIn(path);
    if (typeof value !== 'string') return [];
    const where = source.locate(path);
    const before = first.get(value);
    if (before === undefined) first.set(value, where);
    return before === undefined ? [] : [{ where, expected, found: `${value} again, first at ${before}` }];
  });
}
