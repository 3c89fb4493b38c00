import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter } from 'node:path';
import { Parser, type Result } from 'tap-parser';
import type { Group } from './groups.ts';

// More than any group needs on the slowest machine: a test that hangs must not keep the run for ever.
const LONGEST_SECONDS = 600;

/** An assertion that does not hold, or another end of a process than the expected one. */
export interface TestFailure {
  /** The names of the file, of the tests around it and its own. */
  readonly path: string;
  /** What was found, as tap says it. */
  readonly found: unknown;
}

/** What the files of a group came to. */
export interface GroupResult {
  readonly group: Group;
  readonly seconds: number;
  readonly passed: number;
  readonly skipped: number;
  readonly failures: readonly TestFailure[];
  /** All that was written, as TAP. */
  readonly output: string;
}

/**
 * Runs the files of a group in a process of their own. Node is started without the hooks of `tap run`, which trace the modules
 * of each process for coverage, with one thread for garbage collection as the other groups keep the cores busy, and with a heap
 * that is not collected while it is small: a fifth of the processor time.
 */
export async function runGroup(
  group: Group,
  env: NodeJS.ProcessEnv = process.env,
  longestSeconds = LONGEST_SECONDS,
): Promise<GroupResult> {
  const began = performance.now();
  const failures: TestFailure[] = [];
  const counts = { passed: 0, skipped: 0 };
  const parser = new Parser(({ plan, failures: faults }) => {
    if (plan.skipAll) counts.skipped += 1;
    // What a process that broke off left out: an assertion that was planned, or the plan.
    for (const fault of faults)
      if (fault.tapError) failures.push({ path: group.name, found: fault.tapError });
  });
  parser.on('pass', () => {
    counts.passed += 1;
  });
  parser.on('skip', () => {
    counts.skipped += 1;
  });
  parser.on('fail', ({ fullname, diag }: Result) => {
    const isNamed = group.files.some((file) => fullname.startsWith(file));
    failures.push({ path: isNamed ? fullname : [group.name, fullname].join(' > '), found: diag });
  });
  const child = spawn(
    process.execPath,
    [
      '--single-threaded-gc',
      '--initial-old-space-size=512',
      '--import=./test/compile-cache.js',
      'test/runner/test-process.ts',
    ],
    {
      // Before the end, tap says which test was going on.
      env: {
        ...env,
        TAP: '1',
        TAP_TIMEOUT: String(longestSeconds * 0.9),
        TEST_FILES: group.files.join(delimiter),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: longestSeconds * 1_000,
      killSignal: 'SIGKILL',
    },
  );
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stdout.pipe(parser);
  const [exitCode, signal] = await once(child, 'close');
  if (failures.length === 0 && exitCode !== 0)
    failures.push({ path: group.name, found: { exitCode, signal } });
  return { group, seconds: (performance.now() - began) / 1_000, ...counts, failures, output };
}
