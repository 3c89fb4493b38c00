import type { observing, receiving, scale, starting, syncing } from './scenarios.ts';

/** One line of the published table: a measure against its target. */
export interface Measure {
  readonly measure: string;
  readonly target: string;
  readonly measured: string;
  readonly met: boolean;
}

/** What the scenarios found. */
export interface Findings {
  readonly start: Awaited<ReturnType<typeof starting>>;
  readonly receive: Awaited<ReturnType<typeof receiving>>;
  readonly observed: Awaited<ReturnType<typeof observing>>;
  /** Milliseconds for one event on an idle service, by the upstreams' latency in milliseconds. */
  readonly idle: ReadonlyMap<number, number>;
  readonly rows: readonly Awaited<ReturnType<typeof syncing>>[];
  /** Microseconds of processor time that a push costs bare Fastify. */
  readonly bare: number;
  readonly scales: Awaited<ReturnType<typeof scale>>;
}

/** Every measure that has a target. */
export function measuresOf({ start, receive, observed, idle, rows, bare, scales }: Findings): Measure[] {
  const main = (batches: boolean, burst = 1) =>
    rows.find(
      (row) =>
        row.latency === 100 &&
        row.outstanding === 1000 &&
        row.batches === batches &&
        row.burst === burst &&
        !row.leftAlone,
    );
  const on = main(true);
  const off = main(false);
  const bursts = main(true, 10);
  const [first, last] = [scales[0], scales.at(-1)];
  if (!on || !off || !bursts || !first || !last) throw new Error('Expected every scenario to have been run.');
  const growth = last.cpuMicroseconds / first.cpuMicroseconds - 1;
  const alone = idle.get(100) ?? Number.NaN;
  const unanswered = on.pushes - on.acknowledged;
  return [
    measure(
      'receiving, of bare Fastify that parses the same',
      '≥ 60 %',
      percent(receive.ratio),
      receive.ratio >= 0.6,
    ),
    measure(
      'receiving with metrics and page on, of both off',
      '≥ 95 %',
      percent(observed.rate),
      observed.rate >= 0.95,
    ),
    measure(
      'syncing at 100 ms, 1000 outstanding, against batches off',
      '≥ 10 ×',
      times(on.rate / off.rate),
      on.rate >= 10 * off.rate,
    ),
    measure(
      'upstream calls a customer there',
      '≤ 0.35',
      on.callsACustomer.toFixed(2),
      on.callsACustomer <= 0.35,
    ),
    measure(
      'upstream calls an event, bursts of ten',
      '≤ 0.1',
      bursts.callsAnEvent.toFixed(3),
      bursts.callsAnEvent <= 0.1,
    ),
    measure(
      'one event on an idle service, upstream latency 100 ms',
      '≤ 310 ms',
      `${alone.toFixed(1)} ms`,
      alone <= 310,
    ),
    measure('start to first 204, against bare Fastify', '≤ 3 ×', times(start.ratio), start.ratio <= 3),
    measure(
      'CPU a synced event, against bare Fastify receiving it',
      '≤ 12 ×',
      times(on.cpuMicroseconds / bare),
      on.cpuMicroseconds <= 12 * bare,
    ),
    measure(
      '99th percentile, push to acknowledged, there',
      '< 10 s, all 204',
      `${(on.p99 / 1000).toFixed(1)} s, ${unanswered} not`,
      on.p99 < 10_000 && unanswered === 0,
    ),
    measure('peak memory there', '≤ 200 MB', `${on.peakMegabytes.toFixed(1)} MB`, on.peakMegabytes <= 200),
    measure(
      `CPU an event at ${last.events} events, against ${first.events}`,
      '≤ + 10 %',
      `${growth < 0 ? '−' : '+'} ${percent(Math.abs(growth))}`,
      growth <= 0.1,
    ),
  ];
}

function measure(name: string, target: string, measured: string, met: boolean): Measure {
  return { measure: name, target, measured, met };
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function times(ratio: number): string {
  return `${ratio.toFixed(1)} ×`;
}
