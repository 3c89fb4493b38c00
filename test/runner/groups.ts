import { dirname } from 'node:path';

/** Test files that run in one process, one after the other. */
export interface Group {
  /** The folder, or the file where it is one. */
  readonly name: string;
  readonly files: readonly [string, ...string[]];
}

/**
 * The files that take longest, the longest first. Each runs alone and they begin before the others: one that began last would
 * be left alone at the end of the run.
 */
export const LONGEST: readonly string[] = [
  'test/chaos/senders.test.ts',
  'test/http/memory.test.ts',
  'test/push/acknowledge-received.test.ts',
  'test/chaos/chaos.test.ts',
  'test/cli/reconcile.test.ts',
  'test/sandbox/pubsub-emulator.test.ts',
  'test/emulator.test.ts',
  'test/dashboard/page.test.ts',
  'test/package/package.test.ts',
  'test/cli/sync.test.ts',
  'test/cli/dev/faults.test.ts',
  'test/cli/connect.test.ts',
  'test/cli/sync-resume.test.ts',
  'test/process/drain.test.ts',
  'test/upstream/upstream.test.ts',
  'test/push/hostile.test.ts',
  'test/senders/sns.test.ts',
  'test/cli/blanking.test.ts',
  'test/cli/dead-letter-lease.test.ts',
  'test/observe/log-blocked.test.ts',
  'test/http/byte-budget.test.ts',
  'test/process/terminal.test.ts',
  'test/routes/metrics.test.ts',
];

/** The groups in the order in which they are started: the longest files, then the other files of each folder together. */
export function groupsOf(files: readonly string[]): Group[] {
  const alone = LONGEST.filter((file) => files.includes(file)).map((file) => aloneIn(file));
  const others = files.filter((file) => !LONGEST.includes(file));
  const folders = Map.groupBy(others, dirname);
  const together = [...folders].flatMap(([name, [first, ...rest]]): Group[] =>
    first === undefined ? [] : [{ name, files: [first, ...rest] }],
  );
  return [...alone, ...together.toSorted((one, other) => other.files.length - one.files.length)];
}

/** A file as a group of its own. */
export function aloneIn(file: string): Group {
  return { name: file, files: [file] };
}
