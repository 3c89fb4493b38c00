import { stringify } from 'yaml';
import type { GroupResult } from './run-group.ts';

const MOST_LINES = 40;

/** The line for a group that has ended. */
export function lineOf({ group, seconds, failures }: GroupResult): string {
  const { name, files } = group;
  const number = files.length > 1 ? ` (${files.length} files)` : '';
  return `${failures.length > 0 ? 'NOT OK' : 'ok    '} ${seconds.toFixed(1).padStart(6)} s  ${name}${number}`;
}

/**
 * The end of a run: what failed, with what was found; then the names of what failed; and at last `N passed, N failed`.
 * `output` is where all that the tests wrote is kept.
 */
export function summary(results: readonly GroupResult[], output: string): string {
  const failures = results.flatMap(({ failures }) => failures);
  const sum = (of: (result: GroupResult) => number) => results.reduce((total, each) => total + of(each), 0);
  const skipped = sum((result) => result.skipped);
  return [
    ...failures.map(({ path, found }) => `\nFAILED ${path}\n${detailsOf(found)}`),
    ...(failures.length > 0 ? [`\nFailed; all that was said is in ${output}:`] : []),
    ...failures.map(({ path }) => `  ${path}`),
    `${sum((result) => result.passed)} passed, ${failures.length} failed${skipped > 0 ? ` (${skipped} skipped)` : ''}`,
  ].join('\n');
}

function detailsOf(found: unknown): string {
  if (!found) return '';
  // What was found may hold functions, which YAML cannot write.
  const plain: unknown = JSON.parse(JSON.stringify(found) ?? 'null');
  const lines = stringify(plain).trimEnd().split('\n');
  const left = lines.length - MOST_LINES;
  const shown = left > 0 ? [...lines.slice(0, MOST_LINES), `… and ${left} lines more`] : lines;
  return shown.map((line) => `  ${line}`).join('\n');
}
