import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { chart } from './chart.ts';
import { measuresOf, percent } from './measures.ts';
import { overload } from './overload.ts';
import { nameOf, rowsOf } from './rows.ts';
import { alone, bareCpu, observing, receiving, receivingApart, scale, starting } from './scenarios.ts';
import { startStandIns } from './stand-ins.ts';
import { benchSync } from './sync.ts';
import { type Synced, syncing } from './syncing.ts';

const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    sync: { type: 'boolean', default: false },
    observing: { type: 'boolean', default: false },
    connections: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    chart: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(
    'npm run bench -- [--short | --sync | --observing | --connections] [--json] [--chart FILE]\n\n  --short      two minutes instead of a quarter of an hour, one round and fewer events, and no chart unless asked for\n  --sync       only the backfill: customer-sync sync of 5,000 and of 50,000 customers\n  --observing  only receiving with metrics and page on, against both off\n  --connections  only receiving over a connection for each event, against bare Fastify\n  --json       the figures as JSON\n  --chart      where the SVG goes; test/bench/bench.svg unless told otherwise',
  );
  process.exit(0);
}
if (options.sync) {
  console.log(JSON.stringify(await benchSync(), null, 2));
  process.exit(0);
}
const say = (text: string) => process.stderr.write(`${text}\n`);
const { short } = options;
const rounds = short ? 1 : 3;
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
  if (options.connections) {
    const { service, bare, ratio } = await receivingApart(standIns, 11, 4_000);
    console.log(
      `over a connection for each event: ${service.toFixed(0)} pushes a second, bare Fastify ${bare.toFixed(0)}: ${percent(ratio)}`,
    );
    process.exit(0);
  }
  say('start …');
  const start = await starting(standIns, short ? 3 : 11);
  say('receiving …');
  const receive = await receiving(standIns, short ? 3 : 11, short ? 5_000 : 10_000);
  say('receiving over a connection for each event …');
  const apart = await receivingApart(standIns, short ? 3 : 11, short ? 2_000 : 4_000);
  say('receiving with metrics and page on and off …');
  const observed = await (short ? observing(standIns, 3, 3, 5_000) : observing(standIns, 9, 8, 8_000));
  say('one event on an idle service …');
  const idle = new Map<number, number>();
  for (const latency of [0, 20, 100]) idle.set(latency, await alone(standIns, latency, short ? 5 : 20));
  say('syncing …');
  const rows: Synced[] = [];
  for (const scenario of rowsOf(short)) {
    say(`  ${nameOf(scenario)}`);
    rows.push(await syncing(standIns, scenario, rounds));
  }
  const bare = await bareCpu(short ? 5_000 : 20_000);
  say('four times the load …');
  const overloaded = await overload(standIns, { latency: 100, times: 4, seconds: short ? 6 : 15 });
  say('scale …');
  const scales = await scale(standIns, short ? [1_000, 3_000] : [1_000, 10_000, 100_000]);
  say('backfill …');
  const backfills = await benchSync(short ? [1_000, 5_000] : undefined);

  const findings = {
    start,
    receive,
    apart,
    observed,
    idle,
    rows,
    overload: overloaded,
    bare,
    scales,
    backfills,
  };
  const measures = measuresOf(findings);
  if (chartFile) {
    const bars = rows.map((row) => ({
      label: nameOf(row),
      value: row.rate,
      isCompared: row.batchesOff === true,
    }));
    await writeFile(chartFile, chart('Customers a second', 'more is better', bars));
  }
  if (options.json) {
    const machine = { cpus: cpus().length, model: cpus()[0]?.model, node: process.version };
    console.log(JSON.stringify({ machine, measures, ...findings, idle: Object.fromEntries(idle) }, null, 2));
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
          'customers/s',
          'calls/event',
          'p50 ms',
          'p99 ms',
          'CPU µs/event',
          'cores',
          'peak MB',
          'not 204',
        ],
        rows.map((row) => [
          nameOf(row),
          row.rate.toFixed(0),
          row.callsAnEvent.toFixed(3),
          row.p50.toFixed(0),
          row.p99.toFixed(0),
          row.cpuMicroseconds.toFixed(0),
          row.cores.toFixed(2),
          row.peakMegabytes.toFixed(0),
          row.refused,
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
      table(
        ['sync of', 'seconds', 'customers/s', 'calls a customer', 'peak MB'],
        backfills.map((row) => [
          row.customers,
          row.seconds.toFixed(1),
          (row.customers / row.seconds).toFixed(0),
          row.callsACustomer.toFixed(3),
          row.peakMegabytes.toFixed(0),
        ]),
      ),
    );
    const { fullRate, offeredASecond, acknowledgedASecond, answers } = overloaded;
    console.log(
      `start ${start.service.toFixed(0)} ms, bare ${start.bare.toFixed(0)} ms; receiving ${receive.service.toFixed(0)}/s, bare ${receive.bare.toFixed(0)}/s (${bare.toFixed(1)} µs of CPU); alone at 0, 20, 100 ms: ${[...idle.values()].map((value) => value.toFixed(1)).join(', ')} ms; overload: ${fullRate.toFixed(0)}/s at full load, of ${offeredASecond.toFixed(0)}/s offered ${acknowledgedASecond.toFixed(0)}/s acknowledged, answers ${JSON.stringify(answers)}`,
    );
    if (chartFile) console.log(`The chart is in ${chartFile}.`);
  }
} finally {
  standIns.stop();
}

function table(head: string[], rows: (string | number)[][]): string {
  const made = new Table({ head, style: { head: [], border: [] } });
  made.push(...rows);
  return made.toString();
}
