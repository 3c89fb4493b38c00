import { hash } from 'node:crypto';

const LENGTH = 12;

/** A short text that differs where two values do, whatever the order of their keys. It tells nothing of what is in them. */
export function fingerprintOf(value: unknown): string {
  return hash('sha256', JSON.stringify(value, sorted) ?? '').slice(0, LENGTH);
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
