import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Customer } from '@commercetools/platform-sdk';
import { startCommercetools } from '../sandbox/commercetools.ts';
import { startFluent } from '../sandbox/fluent.ts';
import { environmentFor } from '../sandbox/service.ts';
import { Instances } from './instances.ts';
import { positive } from './options.ts';
import { change, draft } from './people.ts';
import { Pusher } from './pusher.ts';
import { seeded } from './random.ts';
import { growth, type Sample, slope } from './samples.ts';

// Runs one instance at a steady rate for a long time: its memory must not grow after the warm-up.
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    rate: { type: 'string', default: '20' },
    customers: { type: 'string', default: '500' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log('npm run soak -- [--minutes 2] [--rate 20, changes a second] [--customers 500] [--json]');
  process.exit(0);
}
const minutes = positive('minutes', values.minutes);
const rate = positive('rate', values.rate);
const customers = positive('customers', values.customers);
const SAMPLE_MILLISECONDS = Math.min(5_000, (minutes * 60_000) / 24);
const MAX_GROWTH = 0.1;
const SETTLE_MILLISECONDS = 30_000;

const random = seeded(1, 'soak');
const pushers: Pusher[] = [];
const ids: string[] = [];
let events = 0;
const commercetools = await startCommercetools({
  random: random.next,
  onNotification(payload) {
    events += 1;
    pushers[0]?.publish(JSON.stringify(payload));
  },
});
const fluent = await startFluent({ random: random.next, remembered: 10 });
const instances = new Instances({ ...environmentFor(commercetools, fluent), LOG_LEVEL: 'info' });
const instance = await instances.start();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const latencies: number[] = [];
const refused = new Map<number, number>();
const pusher = new Pusher({
  endpoint: `${instance.url}/push`,
  ackDeadlineSeconds: 10,
  minimumBackoffSeconds: 1,
  maximumBackoffSeconds: 5,
  maxDeliveryAttempts: 100,
  random: seeded(1, 'pusher'),
  onDeadLetter: () => refused.set(-1, (refused.get(-1) ?? 0) + 1),
  onDelivery({ status, milliseconds }) {
    latencies.push(milliseconds);
    if (status !== 204) refused.set(status, (refused.get(status) ?? 0) + 1);
  },
});
pushers.push(pusher);
commercetools.fault({ kind: 'status', status: 503, probability: 0.005, random: random.next });
commercetools.fault({ kind: 'latency', milliseconds: 20, random: random.next });
fluent.faults.on({ kind: 'latency', milliseconds: 30 });
fluent.faults.on({ kind: 'reset', when: 'after-effect', probability: 0.005 });
fluent.faults.on({ kind: 'partial', probability: 0.005 });

const startedAt = performance.now();
const endsAt = startedAt + minutes * 60_000;
const samples: Sample[] = [];
const sampling = sample();
for (let count = 0; performance.now() < endsAt; count += 1) {
  if (ids.length < customers) ids.push((await commercetools.createCustomer(draft(random, count))).id);
  else await changeOne(random.pick(ids), count);
  // The stand-in's records of writes are not needed here, and would grow.
  instance.output.length = 0;
  await wait(Math.max(0, startedAt + ((count + 1) / rate) * 1_000 - performance.now()));
}
await sampling;
const settleUntil = performance.now() + SETTLE_MILLISECONDS;
while (pusher.open > 0 && performance.now() < settleUntil) await wait(50);
pusher.stop();
await instances.stop();
await Promise.all([commercetools.close(), fluent.close()]);

// The first quarter is the warm-up: code is compiled, caches fill, the heap reaches its size.
const warm = samples.slice(Math.ceil(samples.length / 4));
const megabytes = warm.map(({ resident }) => resident).sort((one, other) => one - other);
latencies.sort((one, other) => one - other);
const grown = growth(warm.map(({ resident }) => resident));
const report = {
  minutes,
  rate,
  customers: ids.length,
  events,
  deliveries: latencies.length,
  notAcknowledged: Object.fromEntries(refused),
  leftOver: pusher.open,
  millisecondsP50: Math.round(at(latencies, 0.5)),
  millisecondsP99: Math.round(at(latencies, 0.99)),
  megabytesAfterWarmUp: warm[0]?.resident,
  megabytesMedian: at(megabytes, 0.5),
  megabytesLast: warm.at(-1)?.resident,
  megabytesMost: megabytes.at(-1),
  heapMegabytesAfterWarmUp: warm[0]?.anonymous,
  heapMegabytesLast: warm.at(-1)?.anonymous,
  megabytesPerHour: Math.round(slope(warm) * 10) / 10,
  growthFirstToLastThird: Math.round(grown * 1_000) / 1_000,
  badExits: instances.misbehaved,
};
if (values.json) console.log(JSON.stringify(report));
else
  for (const [name, value] of Object.entries(report))
    console.log(`${name.padEnd(26)}${typeof value === 'object' ? JSON.stringify(value) : value}`);
const flat = grown <= MAX_GROWTH;
if (!flat) console.error(`Memory grew by ${Math.round(grown * 100)} % after the warm-up.`);
process.exit(flat && report.leftOver === 0 && instances.misbehaved.length === 0 ? 0 : 1);

async function changeOne(id: string, count: number): Promise<void> {
  const customer = commercetools.customer(id);
  if (customer === undefined) return;
  // With more and more addresses, a customer would not be a constant load.
  const fields: Partial<Customer> = customer.addresses.length > 5 ? { addresses: [] } : {};
  Object.assign(fields, change(random, customer, count));
  await commercetools.updateCustomer(id, fields);
}

async function sample(): Promise<void> {
  while (performance.now() < endsAt) {
    await wait(SAMPLE_MILLISECONDS);
    const status = await readFile(`/proc/${instance.child.pid}/status`, 'utf8');
    const seconds = (performance.now() - startedAt) / 1_000;
    const one = { seconds, resident: read(status, 'VmRSS'), anonymous: read(status, 'RssAnon') };
    samples.push(one);
    if (!values.json && samples.length % 6 === 0)
      console.log(
        `${Math.round(seconds)} s: ${one.resident} MB resident, ${one.anonymous} MB of it anonymous (the heap); ` +
          `${events} events, ${pusher.open} open`,
      );
  }
}

function read(status: string, field: string): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (kilobytes === undefined)
    throw new Error(`Expected ${field} in /proc/<pid>/status; the soak needs Linux.`);
  return Math.round((Number(kilobytes) / 1_024) * 10) / 10;
}

function at(sorted: readonly number[], quantile: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] ?? 0;
}
