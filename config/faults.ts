import type { Fault } from '../src/configuration-error.ts';

export type { Fault } from '../src/configuration-error.ts';

const LONGEST_QUOTE = 80;

/** What a person reads at the start when it fails: one block a fault, each line of it `what  text`. */
export function formatFaults(faults: readonly Fault[]): string {
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
  return [`The configuration has ${count}:`, ...faults.map(formatFault)].join('\n\n');
}

function formatFault({ where, expected, found, advice }: Fault): string {
  const lines = [where, `  expected  ${expected}`, `  found     ${found}`];
  if (advice !== undefined) lines.push(`  advice    ${advice}`);
  return lines.join('\n');
}

/** A value in the words of a fault: text is quoted and cut to 80 characters, a secret is only measured. */
export function describeFound(value: unknown, secret = false): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = String(value);
  if (secret) return `a value of ${text.length} characters`;
  if (typeof value !== 'string') return text;
  return JSON.stringify(text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text);
}
