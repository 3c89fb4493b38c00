import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Parser, type Result } from 'tap-parser';

// More than any file needs on the slowest machine: a file that hangs must not keep the run for ever.
const LONGEST_SECONDS = 600;

/** An assertion that does not hold, or another end of a file than the expected one. */
export interface TestFailure {
  /** The names of the tests around it and its own. */
  readonly path: readonly string[];
  /** What was found, as tap says it. */
  readonly found: unknown;
}

/** What a test file came to. */
export interface FileResult {
  readonly file: string;
  readonly seconds: number;
  readonly passed: number;
  readonly skipped: number;
  readonly failures: readonly TestFailure[];
  /** All that it wrote, as TAP. */
  readonly output: string;
}

/**
 * Runs a test file in a process of its own. Node is started without the hooks of `tap run`, which trace the modules of each
 * process for coverage: they take longer than most of the files.
 */
export async function runFile(
  file: string,
  env: NodeJS.ProcessEnv = process.env,
  longestSeconds = LONGEST_SECONDS,
): Promise<FileResult> {
  const began = performance.now();
  const failures: TestFailure[] = [];
  const counts = { passed: 0, skipped: 0 };
  const parser = new Parser(({ plan, failures: faults }) => {
    if (plan.skipAll) counts.skipped += 1;
    // What a process that broke off left out: an assertion that was planned, or the plan.
    for (const fault of faults) if (fault.tapError) failures.push({ path: [file], found: fault.tapError });
  });
  parser.on('pass', () => {
    counts.passed += 1;
  });
  parser.on('skip', () => {
    counts.skipped += 1;
  });
  parser.on('fail', ({ fullname, diag }: Result) =>
    failures.push({ path: [file, ...(fullname ? [fullname] : [])], found: diag }),
  );
  const child = spawn(process.execPath, ['--import=./test/compile-cache.js', file], {
    // Before the end, tap says which test was going on.
    env: { ...env, TAP: '1', TAP_TIMEOUT: String(longestSeconds * 0.9) },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: longestSeconds * 1_000,
    killSignal: 'SIGKILL',
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stdout.pipe(parser);
  const [exitCode, signal] = await once(child, 'close');
  if (failures.length === 0 && exitCode !== 0) failures.push({ path: [file], found: { exitCode, signal } });
  return { file, seconds: (performance.now() - began) / 1_000, ...counts, failures, output };
}
