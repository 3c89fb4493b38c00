import { once } from 'node:events';
import { createServer } from 'node:net';
import t, { type Test } from 'tap';
import type { DeadLetterReason } from '../../src/dead-letters/attributes.ts';
import type { DeadLetters } from '../../src/dead-letters/publish.ts';
import { EventQueue, type Job } from '../../src/event-queue/event-queue.ts';
import type { Event } from '../../src/notification/event.ts';
import { createLog } from '../../src/observe/log.ts';
import type { Outcome } from '../../src/outcome.ts';
import { InProcessRetry } from '../../src/push/in-process-retry.ts';
import type { Conclusion } from '../../src/push/respond.ts';
import { startDeadLetterTopic } from '../chaos/dead-letter-topic.ts';
import { changeOf, connect, startUpstreams } from '../sandbox/connected.ts';
import { startProcess } from '../sandbox/process.ts';
import { createPushSubscription } from '../sandbox/pubsub-emulator.ts';
import { sendPush } from '../sandbox/push.ts';
import { sharedEmulatorOrSkip } from '../sandbox/shared-emulator.ts';
import { until } from '../sandbox/until.ts';

const RECEIVED = { ACKNOWLEDGE: 'received', DEAD_LETTER_TOPIC: 'dead-letters' };

t.test('acknowledges before handling', async (t) => {
  const upstreams = await startUpstreams(t);
  const { commercetools, fluent } = upstreams;
  const service = await connect(t, upstreams, RECEIVED);
  const customer = await commercetools.createCustomer({ email: 'soon@example.com', password: 'secret' });
  const release = fluent.faults.hold();
  t.equal((await sendPush(service.push, changeOf(customer))).status, 204);
  t.equal(fluent.customers.has(customer.id), false, 'when it is acknowledged');
  release();
  t.ok(await until(() => service.lines.some(({ outcome }) => outcome === 'done')));
  t.ok(fluent.customers.has(customer.id));
});

t.test('retries failed events in the process', async (t) => {
  const upstreams = await startUpstreams(t);
  const { commercetools, fluent } = upstreams;
  const service = await connect(t, upstreams, RECEIVED);
  const customer = await commercetools.createCustomer({ email: 'again@example.com', password: 'secret' });
  // Three attempts in one run: the fourth request belongs to the next run.
  fluent.faults.on({ kind: 'status', status: 503, only: 'query', times: 4 });
  t.equal((await sendPush(service.push, changeOf(customer))).status, 204);
  t.ok(await until(() => fluent.customers.has(customer.id)));
  t.ok(await until(() => service.lines.some(({ outcome }) => outcome === 'done')));
  t.equal(service.lines.filter((line) => 'outcome' in line).length, 1, 'one line an outcome');
});

t.test('refuses events immediately that it could not keep', async (t) => {
  const upstreams = await startUpstreams(t);
  const service = await connect(t, upstreams, { ...RECEIVED, QUEUE_LIMIT: '1' });
  upstreams.fluent.faults.on({ kind: 'status', status: 503 });
  const customer = (id: string) => changeOf({ id, version: 1 });
  upstreams.commercetools.fault({ kind: 'status', times: 3 });
  t.equal((await sendPush(service.push, customer('c1'))).status, 204);
  const second = await sendPush(service.push, customer('c2'));
  t.equal(second.status, 503);
  t.match(second.headers.get('retry-after'), /^[1-9]/);
  t.match(JSON.parse(second.body), { reason: 'queue-full' });
  upstreams.fluent.faults.off();
  t.ok(await until(() => service.lines.some(({ reason }) => reason === 'customer-gone')));
  t.equal((await sendPush(service.push, customer('c2'))).status, 204, 'and takes it when there is room');
  t.ok(await until(() => service.lines.filter(({ reason }) => reason === 'customer-gone').length === 2));
});

t.test('publishes unfinished events as dead letters at the shutdown', async (t) => {
  const emulator = await sharedEmulatorOrSkip(t);
  if (emulator === undefined) return;
  const upstreams = await startUpstreams(t);
  const endpoint = 'http://127.0.0.1:9/';
  const channel = await createPushSubscription(emulator, { topic: 'received', endpoint });
  t.teardown(() => channel.close());
  const service = await connect(t, upstreams, {
    ACKNOWLEDGE: 'received',
    DEAD_LETTER_TOPIC: channel.deadLetterTopic,
    PUBSUB_EMULATOR_HOST: emulator.host,
  });
  const customer = await upstreams.commercetools.createCustomer({
    email: 'dead-lettered@example.com',
    password: 'secret',
  });
  // The first dead letter opens the connection to Pub/Sub, because there are only seconds at the shutdown.
  t.equal((await sendPush(service.push, 'no JSON')).status, 204);
  t.ok(await until(() => channel.deadLetters.length === 1));
  upstreams.fluent.faults.on({ kind: 'wrong-credentials' });
  const payload = changeOf(customer);
  t.equal((await sendPush(service.push, payload, { attributes: { colour: 'red' } })).status, 204);
  t.ok(await until(() => upstreams.fluent.requests.token.requests > 0));
  await service.drain();
  t.ok(await until(() => channel.deadLetters.length === 2));
  t.match(channel.deadLetters, [
    { attributes: { reason: 'undecodable' } },
    {
      data: JSON.stringify(payload),
      attributes: { reason: 'credentials-refused', colour: 'red', resource: `customer/${customer.id}` },
    },
  ]);
  t.match(
    service.lines.filter((line) => 'outcome' in line),
    [
      { outcome: 'rejected', deadLettered: true },
      { outcome: 'failed', reason: 'credentials-refused', deadLettered: true },
    ],
  );
});

/** A retry without waits for the test; `outcomes` are returned one after the other, the last for ever. */
function redeliver(t: Test, outcomes: readonly Outcome[], unparkable = 0) {
  let runs = 0;
  let refusals = unparkable;
  const deadLettered: DeadLetterReason[] = [];
  const deadLetters: DeadLetters = {
    async publish(_delivery, _event, reason) {
      refusals -= 1;
      if (refusals >= 0) throw new Error('not now');
      deadLettered.push(reason);
    },
    async close() {},
  };
  const queue = new EventQueue<Event>({ limit: 10, longestWaitMilliseconds: 1_000 });
  const inProcessRetry = new InProcessRetry(queue, deadLetters, {
    limit: 10,
    maximumAttempts: 4,
    initialIntervalMilliseconds: 1,
    log: createLog('silent'),
  });
  const event: Event = { identity: 'customer/c1@1', kind: 'ResourceUpdated', deletion: false };
  const job: Job<Event> = {
    event,
    key: 'c1',
    coalesceKey: undefined,
    newer: (one) => one,
    async run() {
      runs += 1;
      const outcome = outcomes[Math.min(runs, outcomes.length) - 1];
      if (!outcome) throw new Error('Expected an outcome to give.');
      return outcome;
    },
  };
  const ended = Promise.withResolvers<Conclusion>();
  const received = { delivery: { attributes: {}, data: Buffer.from('{}') }, event, route: undefined };
  inProcessRetry.keep(received, job, ended.resolve);
  t.teardown(() => inProcessRetry.drain(10_000));
  return { ended: ended.promise, deadLettered, runs: () => runs };
}

const failed: Outcome = { kind: 'failed', reason: 'upstream-error', detail: 'It is down.' };
const done: Outcome = { kind: 'done', reason: 'updated' };

t.test('publishes an event as a dead letter that fails in the last attempt', async (t) => {
  const { ended, deadLettered, runs } = redeliver(t, [failed]);
  t.match(await ended, { outcome: failed, isDeadLettered: true });
  t.equal(runs(), 4);
  t.match(deadLettered, [{ reason: 'upstream-error', detail: 'It is down.' }]);
});

t.test('publishes no dead letter for an event that finally works', async (t) => {
  const { ended, deadLettered, runs } = redeliver(t, [failed, failed, done]);
  t.match(await ended, { outcome: done, isDeadLettered: false });
  t.equal(runs(), 3);
  t.same(deadLettered, []);
});

t.test('publishes a rejected event as a dead letter immediately, and retries the publishing', async (t) => {
  const rejected: Outcome = { kind: 'rejected', reason: 'no-email', detail: 'Expected one.' };
  const { ended, deadLettered, runs } = redeliver(t, [rejected], 2);
  t.match(await ended, { outcome: rejected, isDeadLettered: true });
  t.equal(runs(), 1);
  t.match(deadLettered, [{ reason: 'no-email' }]);
});

t.test('retries while the topic is down, as long as for the event itself', async (t) => {
  const { ended, deadLettered } = redeliver(t, [failed], 3);
  t.match(await ended, { outcome: failed, isDeadLettered: true });
  t.match(deadLettered, [{ reason: 'upstream-error' }]);
});

t.test('logs an event that could not be dead-lettered', async (t) => {
  const { ended } = redeliver(t, [failed], 99);
  t.match(await ended, { outcome: failed, isDeadLettered: false });
});

t.test('a second SIGTERM loses no acknowledged event', async (t) => {
  const topic = await startDeadLetterTopic();
  t.teardown(() => topic.close());
  const upstreams = await startUpstreams(t);
  const service = await startProcess(t, {
    ...upstreams.env,
    ACKNOWLEDGE: 'received',
    DEAD_LETTER_TOPIC: 'projects/sandbox/topics/dead-letters',
    PUBSUB_EMULATOR_HOST: topic.host,
  });
  // The first dead letter opens the connection to Pub/Sub, because there are only seconds at the shutdown.
  t.equal((await sendPush(`${service.url}/push`, 'no JSON')).status, 204);
  t.ok(await until(() => topic.letters.length === 1));
  upstreams.fluent.faults.on({ kind: 'hang', only: 'mutation' });
  const customers = upstreams.commercetools.seed(40);
  const answers = await Promise.all(
    customers.map((customer) => sendPush(`${service.url}/push`, changeOf(customer))),
  );
  t.ok(answers.every(({ status }) => status === 204));
  const ended = service.stop('SIGTERM');
  t.ok(await until(() => service.lines.some(({ message }) => String(message).includes('Shutting down'))));
  if (service.pid !== undefined) process.kill(service.pid, 'SIGTERM');
  t.match(await ended, { code: 0, signal: null });
  // As a set: a dead letter whose response came late is published once more.
  const letters = new Set(topic.letters.map(({ attributes }) => attributes['resource']));
  for (const { id } of customers) t.ok(letters.has(`customer/${id}`), id);
});

t.test('a dead-letter topic that recovers during the shutdown gets all dead letters', async (t) => {
  // Accepts connections and closes them, until the service has detected it.
  const broken = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  t.teardown(() => broken.close());
  await once(broken, 'listening');
  const address = broken.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const tried = once(broken, 'connection');
  const upstreams = await startUpstreams(t);
  const service = await startProcess(t, {
    ...upstreams.env,
    ACKNOWLEDGE: 'received',
    DEAD_LETTER_TOPIC: 'projects/sandbox/topics/dead-letters',
    PUBSUB_EMULATOR_HOST: `127.0.0.1:${port}`,
  });
  // A failed event waits for its next attempt, and is dead-lettered at the signal.
  upstreams.fluent.faults.on({ kind: 'wrong-credentials' });
  const customers = upstreams.commercetools.seed(20);
  await Promise.all(customers.map((customer) => sendPush(`${service.url}/push`, changeOf(customer))));
  t.ok(await until(() => upstreams.fluent.requests.token.requests > 0));
  const ended = service.stop('SIGTERM');
  await tried;
  broken.close();
  await once(broken, 'close');
  const topic = await startDeadLetterTopic(port);
  t.teardown(() => topic.close());
  t.match(await ended, { code: 0, signal: null });
  t.strictSame(
    new Set(topic.letters.map(({ attributes }) => attributes['identity'])),
    new Set(customers.map(({ id }) => `customer/${id}@1`)),
  );
});

t.test(
  'an event that cannot be dead-lettered at the shutdown is logged, and the process exits with 1',
  async (t) => {
    const upstreams = await startUpstreams(t);
    const service = await startProcess(t, {
      ...upstreams.env,
      ACKNOWLEDGE: 'received',
      DEAD_LETTER_TOPIC: 'projects/sandbox/topics/dead-letters',
      // No server listens on this port.
      PUBSUB_EMULATOR_HOST: '127.0.0.1:9',
    });
    upstreams.fluent.faults.on({ kind: 'hang', only: 'mutation' });
    const customers = upstreams.commercetools.seed(10);
    await Promise.all(customers.map((customer) => sendPush(`${service.url}/push`, changeOf(customer))));
    t.match(await service.stop('SIGTERM'), { code: 1, signal: null });
    const errors = service.lines.filter(({ severity }) => severity === 'ERROR');
    for (const { id } of customers)
      t.ok(
        errors.some(({ event, message }) => event === `customer/${id}@1` && /is lost/.test(String(message))),
        id,
      );
    t.notOk(service.lines.some(({ message }) => String(message).includes('Everything in flight')));
  },
);
