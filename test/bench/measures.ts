import type { Overload } from './overload.ts';
import type { observing, receiving, receivingApart, scale, starting } from './scenarios.ts';
import type { Measured } from './sync.ts';
import type { Synced } from './syncing.ts';

/** A row of the published table: a measure and its target. */
export interface Measure {
  readonly measure: string;
  readonly target: string;
  readonly measured: string;
  readonly met: boolean;
}

/** The results of the scenarios. */
export interface Findings {
  readonly start: Awaited<ReturnType<typeof starting>>;
  readonly receive: Awaited<ReturnType<typeof receiving>>;
  readonly apart: Awaited<ReturnType<typeof receivingApart>>;
  readonly observed: Awaited<ReturnType<typeof observing>>;
  /** Milliseconds for one event on an idle service, by the upstreams' latency in milliseconds. */
  readonly idle: ReadonlyMap<number, number>;
  readonly rows: readonly Synced[];
  readonly overload: Overload;
  /** Microseconds of processor time for a push to bare Fastify. */
  readonly bare: number;
  readonly scales: Awaited<ReturnType<typeof scale>>;
  readonly backfills: readonly Measured[];
}

/** Fluent's requests in flight, customers in a write, and customers in a look-up, in the shipped configuration. */
const [SLOTS, WRITE_BATCH, LOOK_UP_BATCH] = [10, 10, 100];
const LATENCIES = [20, 100, 500];

/** The maximum of customers a second by Fluent's slots: each is written and looked up, in full batches. */
export function boundAt(latencyMilliseconds: number): number {
  return SLOTS / (latencyMilliseconds / 1000) / (1 / WRITE_BATCH + 1 / LOOK_UP_BATCH);
}

/** Every measure with a target. */
export function measuresOf(findings: Findings): Measure[] {
  const { start, receive, apart, observed, idle, rows, overload, bare, scales, backfills } = findings;
  const row = (wanted: Partial<Synced>) => {
    const plain = { batchesOff: undefined, leftAlone: undefined, burst: undefined, ...wanted };
    const found = rows.find((one) =>
      Object.entries(plain).every(([name, value]) => Reflect.get(one, name) === value),
    );
    if (!found) throw new Error(`Expected a row ${JSON.stringify(wanted)} among those that were measured.`);
    return found;
  };
  const backlog = (latency: number) => row({ latency, outstanding: 1_000, age: 'old' });
  const main = backlog(100);
  const fresh = row({ latency: 100, outstanding: 1_000, age: 'fresh' });
  const bursts = row({ latency: 100, outstanding: 1_000, burst: 10 });
  const [first, last] = [scales[0], scales.at(-1)];
  const [small, large] = [backfills[0], backfills.at(-1)];
  if (!first || !last || !small || !large) throw new Error('Expected every scenario to have been run.');
  const growth = last.cpuMicroseconds / first.cpuMicroseconds - 1;
  const alone = idle.get(100) ?? Number.NaN;
  const kept = overload.acknowledgedASecond / overload.fullRate;
  const backfillRate = large.customers / large.seconds;

  return [
    measure(
      'receiving, of bare Fastify that parses the same',
      '≥ 75 %',
      percent(receive.ratio),
      receive.ratio >= 0.75,
    ),
    measure(
      'the same over a connection for each event, as EventBridge pushes',
      '≥ 60 %',
      percent(apart.ratio),
      apart.ratio >= 0.6,
    ),
    ...LATENCIES.map((latency) => {
      const { rate, cores, refused } = backlog(latency);
      const ofBound = rate / boundAt(latency);
      return measure(
        `customers that changed long ago, at ${latency} ms, 1,000 outstanding`,
        `≥ 85 % of ${boundAt(latency).toFixed(0)}/s or of a core; no 503`,
        `${percent(ofBound)}, ${percent(cores)} of a core; ${refused}`,
        (ofBound >= 0.85 || cores >= 0.85) && refused === 0,
      );
    }),
    measure(
      'the same at 100 ms, against fresh customers',
      '≥ 0.95 ×',
      ratio(main.rate / fresh.rate),
      main.rate >= 0.95 * fresh.rate,
    ),
    measure('upstream calls an event there', '≤ 0.2', main.callsAnEvent.toFixed(3), main.callsAnEvent <= 0.2),
    measure(
      'upstream calls an event, bursts of ten',
      '≤ 0.05',
      bursts.callsAnEvent.toFixed(3),
      bursts.callsAnEvent <= 0.05,
    ),
    ...[10, 100].map((outstanding) => {
      const on = row({ latency: 100, outstanding });
      const off = row({ latency: 100, outstanding, batchesOff: true });
      return measure(
        `p50 with ${outstanding} outstanding, against batches off`,
        '≤ 1.05 ×',
        ratio(on.p50 / off.p50),
        on.p50 <= 1.05 * off.p50,
      );
    }),
    measure(
      'one event on an idle service, upstream latency 100 ms',
      '≤ 308 ms',
      `${alone.toFixed(1)} ms`,
      alone <= 308,
    ),
    measure(
      'CPU a synced event, against bare Fastify receiving it',
      '≤ 8 ×',
      `${(main.cpuMicroseconds / bare).toFixed(1)} ×`,
      main.cpuMicroseconds <= 8 * bare,
    ),
    measure('peak memory at 1,000 outstanding', '≤ 200 MB', megabytes(main), main.peakMegabytes <= 200),
    measure(
      '99th percentile, push to acknowledged, there',
      '< 5 s',
      `${(main.p99 / 1000).toFixed(1)} s`,
      main.p99 < 5_000,
    ),
    measure(
      'four times the load that it can do, of what it does at full load',
      '≥ 85 %, circuits closed, ≤ 256 MB',
      `${percent(kept)}, ${overload.circuitsOpened} opened, ${megabytes(overload)}`,
      kept >= 0.85 && overload.circuitsOpened === 0 && overload.peakMegabytes <= 256,
    ),
    measure(
      'start to first 204, against bare Fastify',
      '≤ 2 ×',
      `${start.ratio.toFixed(1)} ×`,
      start.ratio <= 2,
    ),
    measure(
      `\`sync\` of ${large.customers} at 20 ms`,
      '≥ 1,200/s, ≤ 0.2 calls a customer',
      `${backfillRate.toFixed(0)}/s, ${large.callsACustomer.toFixed(2)}`,
      backfillRate >= 1_200 && large.callsACustomer <= 0.2,
    ),
    measure(
      'its memory',
      `≤ 200 MB, and as for ${small.customers}`,
      `${megabytes(large)}, ${megabytes(small)}`,
      large.peakMegabytes <= 200 && large.peakMegabytes <= 1.1 * small.peakMegabytes,
    ),
    measure(
      'processor time that metrics and page cost, receiving',
      '≤ 5 %',
      percent(observed.cpu - 1),
      observed.cpu <= 1.05,
    ),
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

function ratio(value: number): string {
  return `${value.toFixed(2)} ×`;
}

function megabytes({ peakMegabytes }: { readonly peakMegabytes: number }): string {
  return `${peakMegabytes.toFixed(0)} MB`;
}
