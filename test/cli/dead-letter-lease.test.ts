import t, { type Test } from 'tap';
import { type LeaseOptions, leaseDeadLetters } from '../../src/cli/dead-letters/lease.ts';
import { drop, Options } from '../../src/cli/dead-letters/subcommands.ts';
import { type Google, openGoogle } from '../../src/cli/google/client.ts';
import type { Io } from '../../src/cli/io.ts';
import { readEnvironment } from '../../src/configuration/environment.ts';
import { sharedEmulatorOrSkip } from '../sandbox/shared-emulator.ts';
import { until } from '../sandbox/until.ts';

// The emulator waits some time for more messages before it answers a pull.
t.jobs = 5;

const { signal } = new AbortController();

/** Creates a subscription with `count` dead letters; `requests` counts the requests to Pub/Sub. */
async function start(t: Test, name: string, count: number, enableExactlyOnceDelivery = false) {
  const emulator = await sharedEmulatorOrSkip(t);
  if (emulator === undefined) return undefined;
  const read = readEnvironment({
    PUSH_AUTH: 'none',
    PUBSUB_EMULATOR_HOST: emulator.host,
    GOOGLE_CLOUD_PROJECT: emulator.projectId,
  });
  if (!('environment' in read)) throw new Error('Expected an environment without faults.');
  const google = await openGoogle(read.environment);
  t.teardown(() => google.close());
  const [topic] = await google.client.createTopic(name);
  await topic.createSubscription(name, { enableExactlyOnceDelivery });
  for (let index = 0; index < count; index += 1)
    await topic.publishMessage({
      data: Buffer.from('{}'),
      attributes: { reason: 'poison', deadLetteredAt: new Date().toISOString() },
    });
  const requests = { modifyAckDeadline: 0 };
  const subscriber = new Proxy(google.subscriber, {
    get(target, property) {
      if (property === 'modifyAckDeadline') requests.modifyAckDeadline += 1;
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const subscription = `projects/${emulator.projectId}/subscriptions/${name}`;
  const lease = (options: Partial<LeaseOptions> = {}, from: Google = { ...google, subscriber }) =>
    leaseDeadLetters(from, { subscription, limit: 100, seconds: 60, signal, ...options });
  /** The ids that another subscriber receives. */
  async function left(): Promise<number> {
    const other = await lease({}, google);
    await other.close();
    return other.letters.length;
  }
  return { google, subscription, requests, lease, left };
}

/** Drops all dead letters of a lease, like the command. */
async function dropAll(lease: Awaited<ReturnType<typeof leaseDeadLetters>>) {
  const lines: string[] = [];
  const io: Io = {
    env: {},
    stdin: process.stdin,
    out: (line) => void lines.push(line),
    err: (line) => void lines.push(line),
    terminal: false,
    signal,
    configuration: () => Promise.reject(new Error('Nothing asks for it.')),
  };
  const code = await drop(lease, undefined, Options.parse({ limit: 100, all: true, yes: true }), io);
  return { code, lines };
}

for (const isExactlyOnce of [false, true])
  t.test(`does not drop a message that was released, exactly once: ${isExactlyOnce}`, async (t) => {
    const started = await start(t, `gone-back-${isExactlyOnce}`, 3, isExactlyOnce);
    if (!started) return;
    const { google, subscription, lease, left } = started;
    const held = await lease();
    t.equal(held.letters.length, 3);
    // The lease cannot detect this release by its clock, and Pub/Sub accepts the late acknowledgement without an error.
    const ackIds = held.letters.slice(0, 2).map(({ ackId }) => ackId);
    await google.subscriber.modifyAckDeadline({ subscription, ackIds, ackDeadlineSeconds: 0 });
    t.match(await dropAll(held), { code: 1, lines: ['1 dropped.', /^2 remain/] });
    await held.close();
    t.equal(await left(), 2);
  });

t.test('acknowledges nothing after the end of the lease', async (t) => {
  const started = await start(t, 'ended', 2);
  if (!started) return;
  const { lease, left } = started;
  let now = Date.now();
  const held = await lease({ now: () => now });
  now += 61_000;
  t.match(await dropAll(held), { code: 1, lines: ['0 dropped.', /^2 remain/] });
  await held.close();
  t.equal(await left(), 2);
});

t.test('neither drops nor leases messages that arrive after the lease was taken', async (t) => {
  const started = await start(t, 'meanwhile', 2);
  if (!started) return;
  const { google, lease, left } = started;
  const held = await lease();
  await google.client.topic('meanwhile').publishMessage({ data: Buffer.from('{}') });
  t.match(await dropAll(held), { code: 0, lines: ['2 dropped.'] });
  await held.close();
  t.equal(await left(), 1);
});

t.test('extends the lease until it is closed', async (t) => {
  const started = await start(t, 'long', 2);
  if (!started) return;
  const { requests, lease, left } = started;
  const held = await lease({ seconds: 3 });
  const before = requests.modifyAckDeadline;
  // The lease is extended every second. Without it, the first lease would have ended before the sixth extension.
  t.ok(await until(() => requests.modifyAckDeadline >= before + 6, 60_000));
  t.equal(await left(), 0);
  t.match(await dropAll(held), { code: 0, lines: ['2 dropped.'] });
  await held.close();
  t.equal(await left(), 0);
});
