/** The files that take longest, the longest first: one that began last would be left alone at the end of the run. */
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

/** The files in the order in which they are started: the longest first, then the others as given. */
export function longestFirst(files: readonly string[]): string[] {
  const rank = (file: string) => (LONGEST.includes(file) ? LONGEST.indexOf(file) : LONGEST.length);
  return files.toSorted((one, other) => rank(one) - rank(other));
}
