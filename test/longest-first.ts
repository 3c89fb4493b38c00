/** The files that take longest, the longest first: one that began last would be left alone at the end of the run. */
export const LONGEST: readonly string[] = [
  'test/chaos/chaos.test.ts',
  'test/http/memory.test.ts',
  'test/push/acknowledge-received.test.ts',
  'test/dashboard/page.test.ts',
];

/** The files in the order in which they are started: the longest first, then the others as given. */
export function longestFirst(files: readonly string[]): string[] {
  const rank = (file: string) => (LONGEST.includes(file) ? LONGEST.indexOf(file) : LONGEST.length);
  return files.toSorted((one, other) => rank(one) - rank(other));
}
