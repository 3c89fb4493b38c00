import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { createPushSubscription, emulatorOrSkip, startPubSubEmulator } from './pubsub-emulator.ts';
import { until } from './until.ts';

t.test('reports what is missing and how to get it', async (t) => {
  t.match(await startPubSubEmulator({ environment: { PATH: '', PUBSUB_EMULATOR_JAR: '/nowhere.jar' } }), {
    missing: /gcloud components install pubsub-emulator.*google-cloud-cli-pubsub-emulator/,
  });
});

t.test('fails without the emulator in CI, and is skipped with the reason elsewhere', async (t) => {
  const outside = { PATH: '', PUBSUB_EMULATOR_JAR: '/nowhere.jar' };
  const failures: string[] = [];
  const plans: Array<[number, string | undefined]> = [];
  const stub = {
    fail: (reason: string) => failures.push(reason),
    plan: (count: number, reason?: string) => plans.push([count, reason]),
    teardown: () => {},
  };
  t.equal(await emulatorOrSkip(stub, { ...outside, CI: 'true' }), undefined);
  t.match([failures, plans], [[/was not found/], []]);
  t.equal(await emulatorOrSkip(stub, outside), undefined);
  t.match([failures.length, plans], [1, [[0, /was not found/]]]);
});

t.test('with the emulator', async (t) => {
  const emulator = await emulatorOrSkip(t);
  if (emulator === undefined) return;

  async function receiver(t: Test, answer: (count: number) => number) {
    const bodies: unknown[] = [];
    const server = createServer(async (request, response) => {
      bodies.push(await json(request));
      response.writeHead(answer(bodies.length)).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(async () => {
      server.close();
      server.closeAllConnections();
    });
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    return { endpoint: `http://127.0.0.1:${port}/push`, bodies };
  }

  // Pub/Sub waits between two deliveries; each of the tests has its own topic.
  t.jobs = 3;
  await Promise.all([
    t.test('pushes published messages', async (t) => {
      const { endpoint, bodies } = await receiver(t, () => 204);
      const channel = await createPushSubscription(emulator, { topic: 'pushed', endpoint });
      t.teardown(() => channel.close());
      const messageId = await channel.publish({ hello: 'world' }, { colour: 'red' });
      t.ok(await until(() => bodies.length === 1));
      const data = Buffer.from('{"hello":"world"}').toString('base64');
      t.match(bodies[0], {
        message: { data, messageId, attributes: { colour: 'red' } },
        subscription: channel.subscription,
      });
    }),

    t.test('pushes a message again that was answered 503', async (t) => {
      const { endpoint, bodies } = await receiver(t, (count) => (count < 3 ? 503 : 204));
      const channel = await createPushSubscription(emulator, { topic: 'again', endpoint });
      t.teardown(() => channel.close());
      await channel.publish('once more');
      t.ok(await until(() => bodies.length === 3));
      t.same(bodies[0], bodies[2]);
    }),

    t.test('publishes a message as a dead letter after five attempts', async (t) => {
      const { endpoint, bodies } = await receiver(t, () => 503);
      const channel = await createPushSubscription(emulator, {
        topic: 'dead-lettered',
        endpoint,
        maxDeliveryAttempts: 5,
      });
      t.teardown(() => channel.close());
      await channel.publish('never');
      t.ok(await until(() => channel.deadLetters.length === 1));
      t.equal(bodies.length, 5);
      t.match(channel.deadLetters, [
        { data: 'never', attributes: { CloudPubSubDeadLetterSourceDeliveryCount: '5' } },
      ]);
    }),
  ]);

  t.test('stops with its Java', async (t) => {
    t.ok((await fetch(`http://${emulator.host}/`)).ok);
    await emulator.stop();
    await t.rejects(fetch(`http://${emulator.host}/`));
  });
});
