import type { Syncing } from './syncing.ts';

/** The measured scenarios; the short ones take a tenth of the time. */
export function rowsOf(short: boolean): Syncing[] {
  const some = (customers: number) => Math.max(200, Math.round(customers * (short ? 0.2 : 1)));
  const backlog = [
    { latency: 20, outstanding: 1_000, customers: some(20_000), age: 'old' },
    { latency: 100, outstanding: 1_000, customers: some(10_000), age: 'old' },
    { latency: 500, outstanding: 1_000, customers: Math.max(1_500, some(3_000)), age: 'old' },
  ] as const;
  const fresh = { latency: 100, outstanding: 1_000, customers: some(10_000), age: 'fresh' } as const;
  const bursts = { latency: 100, outstanding: 1_000, customers: some(1_000), age: 'old', burst: 10 } as const;
  const few = ([10, 100] as const).flatMap((outstanding) => [
    { latency: 100, outstanding, customers: outstanding * 20, age: 'old' } as const,
    { latency: 100, outstanding, customers: outstanding * 10, age: 'old', batchesOff: true } as const,
  ]);
  return [...backlog, fresh, bursts, ...few, ...(short ? [] : [{ ...backlog[1], leftAlone: true }])];
}

/** The name of a row in the table and in the chart. */
export function nameOf({ latency, outstanding, age, burst = 1, batchesOff, leftAlone }: Syncing): string {
  const more = [
    ...(age === 'fresh' ? ['fresh'] : []),
    ...(burst > 1 ? [`bursts of ${burst}`] : []),
    ...(leftAlone ? ['V8 left alone'] : []),
    ...(batchesOff ? ['batches off'] : []),
  ];
  return [`${latency} ms, ${outstanding} outstanding`, ...more].join(', ');
}
