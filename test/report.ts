import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { Parser, type Result } from 'tap-parser';
import { stringify } from 'yaml';

const MOST_LINES = 40;

/**
 * Reports a run of tap, given as TAP: a line for each file as it ends; then what failed, with what was found; then the names
 * of what failed; and at last `N passed, N failed`. `output` is where the TAP is kept. Returns whether anything failed.
 */
export async function report(tap: Readable, output: string, print: (line: string) => void): Promise<boolean> {
  const failures: Result[] = [];
  const counts = { passed: 0, skipped: 0 };
  const parser = new Parser();
  parser.on('assert', (file: Result) => {
    const seconds = ((file.time ?? 0) / 1_000).toFixed(1);
    print(`${file.ok ? 'ok    ' : 'NOT OK'} ${seconds.padStart(6)} s  ${file.name}`);
  });
  parser.on('pass', () => {
    counts.passed += 1;
  });
  parser.on('skip', () => {
    counts.skipped += 1;
  });
  parser.on('fail', (failure: Result) => failures.push(failure));
  tap.pipe(parser);
  await once(parser, 'complete');

  for (const failure of failures) print(`\nFAILED ${failure.fullname}\n${detailsOf(failure)}`);
  if (failures.length > 0) print(`\nFailed; all that was said is in ${output}:`);
  for (const { fullname } of failures) print(`  ${fullname}`);
  const skipped = counts.skipped > 0 ? ` (${counts.skipped} skipped)` : '';
  print(`${counts.passed} passed, ${failures.length} failed${skipped}`);
  return failures.length > 0;
}

function detailsOf({ diag }: Result): string {
  if (!diag) return '';
  const lines = stringify(diag).trimEnd().split('\n');
  const left = lines.length - MOST_LINES;
  const shown = left > 0 ? [...lines.slice(0, MOST_LINES), `… and ${left} lines more`] : lines;
  return shown.map((line) => `  ${line}`).join('\n');
}
