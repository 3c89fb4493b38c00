import { hash } from 'node:crypto';

const LENGTH = 12;

/** A short hash of a value, independent of the order of its keys. */
export function fingerprintOf(value: unknown): string {
  return hash('sha256', JSON.stringify(value, sorted) ?? '').slice(0, LENGTH);
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
