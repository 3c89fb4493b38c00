import t from 'tap';
import { changeOf, connect, startUpstreams } from './sandbox/connected.ts';
import { createPushSubscription } from './sandbox/pubsub-emulator.ts';
import { sendPush } from './sandbox/push.ts';
import { sharedEmulatorOrSkip } from './sandbox/shared-emulator.ts';
import { until } from './sandbox/until.ts';

// The emulator is slow between two deliveries, and keeps trying an endpoint that does not answer until it gives up.
t.jobs = 2;

t.test("with Google's Pub/Sub emulator", async (t) => {
  const emulator = await sharedEmulatorOrSkip(t);
  if (emulator === undefined) return;
  const payloads: object[] = [];
  const upstreams = await startUpstreams(t, { onNotification: (payload) => payloads.push(payload) });
  const { commercetools, fluent } = upstreams;
  const service = await connect(t, upstreams);
  const channel = await createPushSubscription(emulator, { topic: 'changes', endpoint: service.push });
  t.teardown(() => channel.close());
  // A separate topic whose subscription pushes to a closed port: its dead letters were published by the service itself.
  const parking = await createPushSubscription(emulator, {
    topic: 'rejected',
    endpoint: 'http://127.0.0.1:9/',
  });
  t.teardown(() => parking.close());
  const PARKING = { DEAD_LETTER_TOPIC: parking.deadLetterTopic, PUBSUB_EMULATOR_HOST: emulator.host };

  // The emulator needs some time for five attempts; the other tests run in the meantime.
  const rejecting = await connect(t, upstreams);
  const policy = await createPushSubscription(emulator, { topic: 'policy', endpoint: rejecting.push });
  t.teardown(() => policy.close());
  await policy.publish('poison');

  await t.test('a published change arrives in Fluent', async (t) => {
    const { id, email } = await commercetools.createCustomer({ email: 'a@example.com', password: 'secret' });
    await channel.publish(payloads.at(-1));
    t.ok(await until(() => fluent.customers.get(id)?.primaryEmail === email));
    await commercetools.updateCustomer(id, [{ action: 'changeEmail', email: 'b@example.com' }]);
    await channel.publish(payloads.at(-1));
    t.ok(await until(() => fluent.customers.get(id)?.primaryEmail === 'b@example.com'));
    const doneLines = () => service.lines.filter(({ outcome }) => outcome === 'done');
    t.ok(await until(() => doneLines().length === 2));
    t.match(doneLines(), [{ kind: 'ResourceCreated' }, { kind: 'ResourceUpdated', messageId: /^\d+$/ }]);
  });

  await t.test('an event that fails while Fluent is down is delivered again until it is done', async (t) => {
    const { id } = await commercetools.createCustomer({ email: 'c@example.com', password: 'secret' });
    fluent.faults.on({ kind: 'status', status: 503 });
    const before = service.lines.length;
    const failures = () => service.lines.slice(before).filter(({ outcome }) => outcome === 'failed').length;
    await channel.publish(payloads.at(-1));
    t.ok(await until(() => failures() >= 2));
    t.equal(fluent.customers.has(id), false);
    fluent.faults.off();
    t.ok(await until(() => fluent.customers.has(id)));
    t.same(channel.deadLetters, []);
  });

  await t.test('204 with DEAD_LETTER_TOPIC: a rejected event is dead-lettered with the reason', async (t) => {
    const parker = await connect(t, upstreams, PARKING);
    const payload = { ...changeOf({ id: 'c1', version: 7 }), projectKey: 'elsewhere' };
    const attributes = { colour: 'red', reason: 'theirs', googclient_schemaencoding: 'JSON' };
    const { status, body } = await sendPush(parker.push, payload, { attributes, messageId: '42' });
    t.same([status, body], [204, '']);
    t.ok(await until(() => parking.deadLetters.length === 1));
    t.match(parking.deadLetters[0], {
      data: JSON.stringify(payload),
      attributes: {
        reason: 'no-account',
        detail: /^Expected a project key/,
        route: 'commercetools.connect.customer.upsert',
        identity: 'customer/c1@7',
        kind: 'ResourceUpdated',
        resource: 'customer/c1',
        version: '7',
        projectKey: 'elsewhere',
        messageId: '42',
        colour: 'red',
      },
    });
    t.match(parker.lines.at(-1), { outcome: 'rejected', reason: 'no-account', deadLettered: true });
  });

  await t.test('a hundred attributes of the sender leave room for the reason', async (t) => {
    const parker = await connect(t, upstreams, PARKING);
    const before = parking.deadLetters.length;
    const attributes = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`a${index}`, 'é'.repeat(512)]),
    );
    t.equal((await sendPush(parker.push, 'poison', { attributes })).status, 204);
    t.ok(await until(() => parking.deadLetters.length === before + 1));
    const deadLettered = parking.deadLetters.at(-1)?.attributes ?? {};
    const senderNames = Object.keys(deadLettered).filter((name) => /^a\d/.test(name));
    t.match(deadLettered, {
      reason: 'undecodable',
      a0: 'é'.repeat(512),
      attributesLeftOut: String(100 - senderNames.length),
    });
    t.ok(senderNames.length > 80);
  });

  await t.test('attributes that Pub/Sub refuses do not prevent a dead letter', async (t) => {
    const parker = await connect(t, upstreams, PARKING);
    const before = parking.deadLetters.length;
    const attributes = { half: '\uD83D', 'half \uD83D': 'a name', '': 'no name', long: 'x'.repeat(2_000) };
    t.equal((await sendPush(parker.push, 'poison', { attributes })).status, 204);
    t.ok(await until(() => parking.deadLetters.length === before + 1));
    t.match(parking.deadLetters.at(-1)?.attributes, {
      reason: 'undecodable',
      half: '\uFFFD',
      long: 'x'.repeat(1_024),
      attributesCut: '2',
      attributesLeftOut: '2',
    });
  });

  await t.test(
    'published, pushed, rejected and dead-lettered: it is delivered once and no more',
    async (t) => {
      const parker = await connect(t, upstreams, PARKING);
      const poison = await createPushSubscription(emulator, { topic: 'poison', endpoint: parker.push });
      t.teardown(() => poison.close());
      const before = parking.deadLetters.length;
      await poison.publish('{"notificationType":"ResourceUpdated"}', { colour: 'blue' });
      t.ok(await until(() => parking.deadLetters.length === before + 1));
      t.match(parking.deadLetters.at(-1), {
        data: '{"notificationType":"ResourceUpdated"}',
        attributes: { reason: 'undecodable', colour: 'blue' },
      });
      await poison.publish(payloads[0] ?? {});
      t.ok(await until(() => parker.lines.some(({ outcome }) => outcome === 'done')));
      t.equal(parker.lines.filter(({ outcome }) => outcome === 'rejected').length, 1);
      t.same(poison.deadLetters, []);
    },
  );

  await t.test('503 with Retry-After when it cannot be dead-lettered', async (t) => {
    const DEAD_LETTER_TOPIC = `projects/${emulator.projectId}/topics/nowhere`;
    const parker = await connect(t, upstreams, { ...PARKING, DEAD_LETTER_TOPIC });
    const { status, headers, body } = await sendPush(parker.push, 'poison');
    t.equal(status, 503);
    t.match(headers.get('retry-after'), /^[1-9]/);
    t.match(JSON.parse(body), { reason: 'dead-letter-failed' });
    t.match(parker.lines.at(-1), { outcome: 'failed', reason: 'dead-letter-failed' });
  });

  await t.test(
    "without DEAD_LETTER_TOPIC, the subscription's policy dead-letters a rejected event",
    async (t) => {
      t.ok(await until(() => policy.deadLetters.length === 1));
      t.match(policy.deadLetters, [
        { data: 'poison', attributes: { CloudPubSubDeadLetterSourceDeliveryCount: '5' } },
      ]);
      const answers = rejecting.lines.filter(({ outcome }) => outcome === 'rejected');
      t.ok(answers.length >= 5 && answers.every(({ deadLettered }) => deadLettered === undefined));
    },
  );
});

t.test('503 with Retry-After when Pub/Sub cannot be reached to dead-letter it', async (t) => {
  const upstreams = await startUpstreams(t);
  const service = await connect(t, upstreams, {
    DEAD_LETTER_TOPIC: 'projects/sandbox-project/topics/dead-letters',
    PUBSUB_EMULATOR_HOST: '127.0.0.1:9',
    ACK_DEADLINE_SECONDS: '2',
  });
  const { status, headers, body } = await sendPush(service.push, 'poison');
  t.equal(status, 503);
  t.match(headers.get('retry-after'), /^[1-9]/);
  t.match(JSON.parse(body), { reason: 'deadline' });
});
