import { dirname } from 'node:path';

/** Test files that run in one process, one after the other. */
export interface Group {
  /** The file, or the folders of the first and the last one. */
  readonly name: string;
  readonly files: readonly string[];
}

/**
 * The files that take longest, the longest first. Each has its own process, and they start before the others: a long file
 * that started last would run alone at the end.
 */
export const LONGEST: readonly string[] = [
  'test/push/acknowledge-received.test.ts',
  'test/chaos/senders.test.ts',
  'test/chaos/chaos.test.ts',
  'test/http/memory.test.ts',
  'test/package/package.test.ts',
  'test/dashboard/page.test.ts',
  'test/cli/sync.test.ts',
  'test/sandbox/pubsub-emulator.test.ts',
  'test/emulator.test.ts',
  'test/cli/dev/faults.test.ts',
  'test/cli/connect.test.ts',
  'test/cli/reconcile.test.ts',
  'test/cli/sync-resume.test.ts',
  'test/process/drain.test.ts',
  'test/upstream/upstream.test.ts',
];

/** So many of the longest are started before all others. */
const FIRST = 4;

/**
 * The groups in the order in which they are started: the longest files, then by turns a group of the others and one of the
 * remaining long files, which mostly wait: side by side they would leave the cores idle.
 */
export function groupsOf(files: readonly string[], processes: number): Group[] {
  const alone = LONGEST.filter((file) => files.includes(file)).map((file) => aloneIn(file));
  const others = files.filter((file) => !LONGEST.includes(file));
  const size = Math.ceil(others.length / processes);
  const starts = Array.from({ length: processes }, (_, index) => index * size);
  const together = starts
    .map((start) => others.slice(start, start + size))
    .filter(({ length }) => length > 0);
  const first = alone.slice(0, FIRST);
  const waiting = alone.slice(FIRST);
  const byTurns = together.flatMap((group, index) => [groupOf(group), ...waiting.slice(index, index + 1)]);
  return [...first, ...byTurns, ...waiting.slice(together.length)];
}

/** A file as a group of its own. */
export function aloneIn(file: string): Group {
  return { name: file, files: [file] };
}

function groupOf(files: readonly string[]): Group {
  const [first = '', last = ''] = [files[0], files.at(-1)].map((file) => dirname(file ?? ''));
  return { name: first === last ? first : `${first} to ${last}`, files };
}
