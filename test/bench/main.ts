import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { chart } from './chart.ts';
import { measuresOf, percent } from './measures.ts';
import { alone, bareCpu, observing, receiving, type Syncing, scale, starting, syncing } from './scenarios.ts';
import { startStandIns } from './stand-ins.ts';
import { benchSync } from './sync.ts';

const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    sync: { type: 'boolean', default: false },
    observing: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    chart: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(
    'npm run bench -- [--short | --sync | --observing] [--json] [--chart FILE]\n\n  --short      a minute and a half instead of seven, with fewer events, and no chart unless asked for\n  --sync       the backfill instead: customer-sync sync of 5,000 and of 50,000 customers\n  --observing  only receiving with metrics and page on, against both off\n  --json       the figures as JSON\n  --chart      where the SVG goes; test/bench/bench.svg unless told otherwise',
  );
  process.exit(0);
}
if (options.sync) {
  await benchSync();
  process.exit(0);
}
const say = (text: string) => process.stderr.write(`${text}\n`);
const { short } = options;
const chartFile = options.chart ?? (short ? undefined : join(import.meta.dirname, 'bench.svg'));

const standIns = await startStandIns();
try {
  if (options.observing) {
    const { rate, cpu } = await observing(standIns, 9, 8, 8_000);
    console.log(
      `with metrics and page on: ${percent(rate)} of the rate, ${percent(cpu)} of the processor time`,
    );
    process.exit(0);
  }
  say('start …');
  const start = await starting(standIns, short ? 3 : 11);
  say('receiving …');
  const receive = await receiving(standIns, short ? 3 : 11, short ? 5_000 : 10_000);
  say('receiving with metrics and page on and off …');
  const observed = await (short ? observing(standIns, 3, 3, 5_000) : observing(standIns, 9, 8, 8_000));
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

  const measures = measuresOf({ start, receive, observed, idle, rows, bare, scales });
  if (chartFile) {
    const bars = rows.map((row) => ({
      group: groupOf(row),
      label: row.batches ? 'batches on' : 'batches off',
      value: row.rate,
    }));
    await writeFile(chartFile, chart('Customers a second', 'more is better', bars));
  }
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
    if (chartFile) console.log(`The chart is in ${chartFile}.`);
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
  const most = { latency: 100, outstanding: 1000, customers: 10_000, burst: 1, batches: true };
  const usual = [0, 20, 100].flatMap((latency) =>
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
  return [...usual, { ...most, leftAlone: true }];
}

function groupOf({ latency, outstanding, burst, leftAlone }: Syncing): string {
  const more = `${burst > 1 ? `, bursts of ${burst}` : ''}${leftAlone ? ', V8 left alone' : ''}`;
  return `${latency} ms, ${outstanding} outstanding${more}`;
}

function table(head: string[], rows: (string | number)[][]): string {
  const made = new Table({ head, style: { head: [], border: [] } });
  made.push(...rows);
  return made.toString();
}
