import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { chart } from './chart.ts';
import { alone, bareCpu, observing, receiving, type Syncing, scale, starting, syncing } from './scenarios.ts';
import { startStandIns } from './stand-ins.ts';
import { benchSync } from './sync.ts';

const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    sync: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    chart: { type: 'string', default: join(import.meta.dirname, 'bench.svg') },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(
    'npm run bench -- [--short | --sync] [--json] [--chart FILE]\n\n  --short  a minute instead of five, with fewer events\n  --sync   the backfill instead: customer-sync sync of 5,000 and of 50,000 customers\n  --json   the figures as JSON\n  --chart  where the SVG goes',
  );
  process.exit(0);
}
if (options.sync) {
  await benchSync();
  process.exit(0);
}
const say = (text: string) => process.stderr.write(`${text}\n`);
const { short } = options;

/** One line of the published table: a measure against its target. */
interface Measure {
  readonly measure: string;
  readonly target: string;
  readonly measured: string;
  readonly met: boolean;
}

const standIns = await startStandIns();
try {
  say('start …');
  const start = await starting(standIns, short ? 3 : 11);
  say('receiving …');
  const receive = await receiving(standIns, short ? 3 : 11, short ? 5_000 : 10_000);
  say('receiving with metrics and page on and off …');
  const observed = await (short ? observing(standIns, 3, 3, 5_000) : observing(standIns, 9, 5, 10_000));
  say('one event on an idle service …');
  const idle = new Map<number, number>();
  for (const latency of [0, 20, 100]) idle.set(latency, await alone(standIns, latency, short ? 5 : 20));
  say('syncing …');
  const rows: Awaited<ReturnType<typeof syncing>>[] = [];
  for (const scenario of scenarios()) {
    rows.push(await syncing(standIns, scenario));
    say(`  ${rows.length}`);
  }
  const bare = await bareCpu(short ? 5_000 : 20_000);
  say('scale …');
  const sizes = short ? [1_000, 3_000] : [1_000, 10_000, 100_000];
  const scales = await scale(standIns, sizes);

  const main = (batches: boolean, burst = 1) =>
    rows.find(
      (row) =>
        row.latency === 100 && row.outstanding === 1000 && row.batches === batches && row.burst === burst,
    );
  const on = main(true);
  const off = main(false);
  const bursts = main(true, 10);
  const [first, last] = [scales[0], scales.at(-1)];
  if (!on || !off || !bursts || !first || !last) throw new Error('Expected every scenario to have been run.');
  const growth = last.cpuMicroseconds / first.cpuMicroseconds - 1;
  const alone100 = idle.get(100) ?? Number.NaN;
  const unanswered = on.pushes - on.acknowledged;
  const measures: Measure[] = [
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
      `${alone100.toFixed(0)} ms`,
      alone100 <= 310,
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
    measure('peak memory there', '≤ 200 MB', `${on.peakMegabytes.toFixed(0)} MB`, on.peakMegabytes <= 200),
    measure(
      `CPU an event at ${last.events} events, against ${first.events}`,
      '≤ + 10 %',
      `${growth < 0 ? '−' : '+'} ${percent(Math.abs(growth))}`,
      growth <= 0.1,
    ),
  ];
  await writeFile(
    options.chart,
    chart(
      'Customers a second',
      'more is better',
      rows.map((row) => ({
        group: groupOf(row),
        label: row.batches ? 'batches on' : 'batches off',
        value: row.rate,
      })),
    ),
  );
  if (options.json) {
    const machine = { cpus: cpus().length, model: cpus()[0]?.model, node: process.version };
    console.log(
      JSON.stringify(
        {
          machine,
          measures,
          start,
          receive,
          observed,
          idle: Object.fromEntries(idle),
          rows,
          bareCpuMicroseconds: bare,
          scales,
        },
        null,
        2,
      ),
    );
  } else {
    console.log(
      table(
        ['measure', 'target', 'measured', ''],
        measures.map((row) => [row.measure, row.target, row.measured, row.met ? 'met' : 'MISSED']),
      ),
    );
    console.log(
      table(
        [
          'syncing',
          'batches',
          'customers/s',
          'calls/customer',
          'calls/event',
          'p50 ms',
          'p99 ms',
          'CPU µs/event',
          'peak MB',
        ],
        rows.map((row) => [
          groupOf(row),
          row.batches ? 'on' : 'off',
          row.rate.toFixed(0),
          row.callsACustomer.toFixed(2),
          row.callsAnEvent.toFixed(3),
          row.median.toFixed(0),
          row.p99.toFixed(0),
          row.cpuMicroseconds.toFixed(0),
          row.peakMegabytes.toFixed(0),
        ]),
      ),
    );
    console.log(
      table(
        ['events', 'CPU µs/event', 'peak MB'],
        scales.map((row) => [row.events, row.cpuMicroseconds.toFixed(0), row.peakMegabytes.toFixed(0)]),
      ),
    );
    console.log(
      `start ${start.service.toFixed(0)} ms, bare ${start.bare.toFixed(0)} ms; receiving ${receive.service.toFixed(0)}/s, bare ${receive.bare.toFixed(0)}/s, CPU with metrics and page on ${percent(observed.cpu)} of both off; alone at 0, 20, 100 ms: ${[...idle.values()].map((value) => value.toFixed(1)).join(', ')} ms`,
    );
    console.log(`The chart is in ${options.chart}.`);
  }
} finally {
  standIns.stop();
}

function scenarios(): Syncing[] {
  const customers = (outstanding: number) => (short ? 300 : outstanding < 100 ? 500 : 3_000);
  if (short)
    return [
      { latency: 100, outstanding: 1000, customers: 1_000, burst: 1, batches: true },
      { latency: 100, outstanding: 1000, customers: 200, burst: 1, batches: false },
      { latency: 100, outstanding: 1000, customers: 300, burst: 10, batches: true },
    ];
  return [0, 20, 100].flatMap((latency) =>
    [10, 100, 1000].flatMap((outstanding) => [
      {
        latency,
        outstanding,
        customers: latency === 100 && outstanding === 1000 ? 10_000 : customers(outstanding),
        burst: 1,
        batches: true,
      },
      // At 100 ms the service without batches brings some fifty a second.
      {
        latency,
        outstanding,
        customers: latency === 100 ? Math.min(1_000, customers(outstanding)) : customers(outstanding),
        burst: 1,
        batches: false,
      },
      ...(outstanding === 1000 ? [{ latency, outstanding, customers: 1_000, burst: 10, batches: true }] : []),
    ]),
  );
}

function groupOf({ latency, outstanding, burst }: Syncing): string {
  return `${latency} ms, ${outstanding} outstanding${burst > 1 ? `, bursts of ${burst}` : ''}`;
}

function measure(name: string, target: string, measured: string, met: boolean): Measure {
  return { measure: name, target, measured, met };
}

function table(head: string[], rows: (string | number)[][]): string {
  const made = new Table({ head, style: { head: [], border: [] } });
  made.push(...rows);
  return made.toString();
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function times(ratio: number): string {
  return `${ratio.toFixed(1)} ×`;
}
