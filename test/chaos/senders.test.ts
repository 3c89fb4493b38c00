import { once } from 'node:events';
import { createServer } from 'node:http';
import t, { type Test } from 'tap';
import { startSns } from '../sandbox/sns.ts';
import { until } from '../sandbox/until.ts';
import { readOptions } from './options.ts';
import { seeded } from './random.ts';
import { passed, table } from './report.ts';
import { runChaos } from './run.ts';
import { MESSAGES_HEADER, SenderPusher } from './sender-pusher.ts';
import { rulesOf, SENDERS, type SenderName } from './sender-rules.ts';

const SHORT = ['--instances', '2', '--customers', '60', '--changes', '60', '--minutes', '0.06'];

// A run takes long because it waits: between two deliveries, and for runs after a drain.
t.jobs = SENDERS.length;

for (const sender of SENDERS)
  t.test(`keeps its promises under faults, kills and drains, by the rules of ${sender}`, async (t) => {
    const args = [...SHORT, '--config', 'fixed', '--pusher', sender];
    const options = readOptions(args, Math.floor(Math.random() * 1e9));
    const report = await runChaos(options, (line) => t.comment(line));
    t.comment(table(report));
    t.ok(passed(report), `with seed ${options.seed}`);
    t.same([report.lost, report.stale, report.wrong, report.logLeaks], [0, 0, 0, []]);
    t.ok(report.redeliveries > 0);
    t.equal(report.deadLetters, 18, "what can never work is in the sender's dead-letter queue");
  });

/** Starts a pusher for an endpoint that answers the attempts with these statuses, and later ones with the last status. */
async function pushTo(t: Test, sender: SenderName, statuses: readonly number[], isBatched = false) {
  const pushes: string[][] = [];
  const server = createServer((request, response) => {
    const status = statuses[Math.min(pushes.length, statuses.length - 1)] ?? 500;
    pushes.push(String(request.headers[MESSAGES_HEADER]).split(','));
    request.resume();
    response.writeHead(status).end(status < 300 ? undefined : '{"reason":"told"}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sns = await startSns();
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const pusher = new SenderPusher({
    endpoint: `http://127.0.0.1:${port}/push`,
    rules: { ...rulesOf(sender, 0.01, sns, isBatched), delay: () => 0.01 },
    againProbability: 0,
    random: seeded(1, 'pusher'),
  });
  t.teardown(async () => {
    pusher.stop();
    server.close();
    server.closeAllConnections();
    await sns.close();
  });
  return { pusher, pushes };
}

const FINAL: Record<SenderName, readonly number[]> = {
  eventbridge: [301, 400, 403, 404, 413, 422],
  sns: [301, 400, 401, 403, 404, 413, 422, 429],
  'event-grid': [400, 401, 403, 413],
};
const RETRIED: Record<SenderName, readonly number[]> = {
  eventbridge: [401, 429, 500, 502, 503],
  sns: [500, 502, 503],
  'event-grid': [301, 404, 422, 429, 500, 502, 503],
};

for (const sender of SENDERS) {
  t.test(`the pusher gives up after the same responses as ${sender}`, async (t) => {
    for (const status of FINAL[sender]) {
      const { pusher, pushes } = await pushTo(t, sender, [status, 204]);
      const id = pusher.publish('{"notificationType":"Event"}', { poison: 'p' });
      t.ok(await until(() => pusher.givenUp.has(id)), String(status));
      t.match(pusher.deadLetters, [{ attributes: { poison: 'p', reason: 'told', messageId: id } }]);
      t.equal(pushes.length, 1);
    }
  });

  t.test(`the pusher retries after the same responses as ${sender}`, async (t) => {
    for (const status of RETRIED[sender]) {
      const { pusher, pushes } = await pushTo(t, sender, [status, 204]);
      pusher.publish('{"notificationType":"Event"}');
      t.ok(await until(() => pushes.length === 2), String(status));
      t.same(pusher.deadLetters, []);
    }
  });
}

t.test('the pusher of SNS gives up after its retries, and sends the message again on redrive', async (t) => {
  const { pusher, pushes } = await pushTo(t, 'sns', [503, 503, 503, 503, 204]);
  pusher.publish('{}');
  t.ok(
    await until(() => {
      pusher.redrive();
      return pushes.length === 5;
    }),
  );
  t.equal(pusher.redriven, 1);
});

t.test('the pusher of Event Grid delivers a batch again as a whole', async (t) => {
  const { pusher, pushes } = await pushTo(t, 'event-grid', [503, 204], true);
  const ids = Array.from({ length: 40 }, () => pusher.publish('{"notificationType":"Event"}'));
  t.ok(await until(() => new Set(pushes.slice(1).flat()).size === ids.length));
  t.ok(pushes.some((batch) => batch.length > 1));
  t.equal(pushes.flat().length, ids.length + (pushes[0]?.length ?? 0));
});
