import type { Fault } from '../configuration-error.ts';

export { describeFound, type Fault } from '../configuration-error.ts';

/** Formats the faults of a failed start: one block for each fault, with lines of the form `what  text`. */
export function formatFaults(faults: readonly Fault[]): string {
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
  return [`The configuration has ${count}:`, ...faults.map(formatFault)].join('\n\n');
}

function formatFault({ where, expected, found, advice }: Fault): string {
  const lines = [where, `  expected  ${expected}`, `  found     ${found}`];
  if (advice !== undefined) lines.push(`  advice    ${advice}`);
  return lines.join('\n');
}
