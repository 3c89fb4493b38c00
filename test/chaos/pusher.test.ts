import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { z } from 'zod';
import { until } from '../sandbox/until.ts';
import { type Message, Pusher, type PusherOptions } from './pusher.ts';
import { seeded } from './random.ts';

const Body = z.object({ deliveryAttempt: z.number(), message: z.object({ messageId: z.string() }) });

// The tests wait for deadlines and delays.
t.jobs = 4;

interface Arrival {
  readonly id: string;
  readonly attempt: number;
  readonly at: number;
}

/** Starts a pusher for an endpoint with the given responses; `undefined` never answers. */
async function pushTo(
  t: Test,
  answer: (arrival: Arrival) => number | undefined,
  options: Partial<PusherOptions> = {},
) {
  const arrivals: Arrival[] = [];
  const dead: Message[] = [];
  let atOnce = 0;
  let most = 0;
  const server = createServer(async (request, response) => {
    atOnce += 1;
    most = Math.max(most, atOnce);
    response.once('close', () => {
      atOnce -= 1;
    });
    const { message, deliveryAttempt: attempt } = Body.parse(await json(request));
    const arrival = { id: message.messageId, attempt, at: performance.now() };
    arrivals.push(arrival);
    const status = answer(arrival);
    await wait(5);
    if (status !== undefined) response.writeHead(status).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const pusher = new Pusher({
    endpoint: `http://127.0.0.1:${port}/push`,
    ackDeadlineSeconds: 5,
    minimumBackoffSeconds: 0.1,
    maximumBackoffSeconds: 0.3,
    maxDeliveryAttempts: 5,
    random: seeded(1, 'pusher'),
    onDeadLetter: (message) => dead.push(message),
    ...options,
  });
  t.teardown(() => {
    pusher.stop();
    server.close();
    server.closeAllConnections();
  });
  return { pusher, arrivals, dead, most: () => most };
}

t.test('the pusher treats only these responses as an acknowledgement', async (t) => {
  for (const [status, acknowledges] of [
    [200, true],
    [201, true],
    [202, true],
    [204, true],
    [203, false],
    [206, false],
    [400, false],
    [404, false],
    [429, false],
    [500, false],
    [503, false],
  ] as const)
    t.test(`${status}: ${acknowledges ? 'acknowledged' : 'delivered again'}`, async (t) => {
      const { pusher, arrivals } = await pushTo(t, ({ attempt }) => (attempt === 1 ? status : 204));
      pusher.publish('{}');
      t.ok(await until(() => pusher.open === 0));
      t.equal(arrivals.length, acknowledges ? 1 : 2);
    });
});

t.test('delivers again after a delay between both bounds, which grows', async (t) => {
  const { pusher, arrivals, dead } = await pushTo(t, () => 503);
  const id = pusher.publish('{}', { colour: 'red' });
  t.ok(await until(() => pusher.open === 0));
  const gaps = arrivals.slice(1).map(({ at }, index) => at - (arrivals[index]?.at ?? 0));
  t.ok(gaps.every((gap) => gap >= 95));
  t.ok((gaps.at(-1) ?? 0) > 220, 'the last delays are near the maximum');
  t.match(dead, [{ id, data: '{}', attributes: { colour: 'red' } }]);
  t.same(
    arrivals.map(({ attempt }) => attempt),
    [1, 2, 3, 4, 5],
  );
});

t.test('delivers a message again that was not answered before the ack deadline', async (t) => {
  const { pusher, arrivals } = await pushTo(t, ({ attempt }) => (attempt === 1 ? undefined : 204), {
    // Long enough for the second response on a slow machine.
    ackDeadlineSeconds: 2,
  });
  pusher.publish('{}');
  t.ok(await until(() => pusher.open === 0));
  t.equal(arrivals.length, 2);
});

t.test('pushes more at once after successes, fewer after failures, and at least one', async (t) => {
  let status = 204;
  const { pusher, most } = await pushTo(t, () => status);
  const first = pusher.window;
  for (let count = 0; count < 60; count += 1) pusher.publish('{}');
  t.ok(await until(() => pusher.open === 0));
  const grown = pusher.window;
  t.ok(grown > first);
  t.ok(most() > first);
  status = 503;
  for (let count = 0; count < 60; count += 1) pusher.publish('{}');
  t.ok(await until(() => pusher.window === 1));
  status = 204;
  t.ok(await until(() => pusher.open === 0));
});

t.test('delivers out of order; the same seed gives the same order', async (t) => {
  const orders: string[][] = [];
  for (const _ of [1, 2]) {
    const { pusher, arrivals } = await pushTo(t, () => 204);
    for (let count = 0; count < 20; count += 1) pusher.publish('{}');
    t.ok(await until(() => pusher.open === 0));
    orders.push(arrivals.map(({ id }) => id));
  }
  t.not(orders[0]?.join(), [...(orders[0] ?? [])].sort((one, other) => Number(one) - Number(other)).join());
  t.same(new Set(orders[0]), new Set(orders[1]));
});

t.test('delivers a message again after its acknowledgement with the given probability', async (t) => {
  const { pusher, arrivals } = await pushTo(t, () => 204, { againProbability: 1 });
  pusher.publish('{}');
  t.ok(await until(() => arrivals.length === 2));
  t.ok(await until(() => pusher.open === 0));
});
