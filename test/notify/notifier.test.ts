import { createHmac } from 'node:crypto';
import t, { type Test } from 'tap';
import { createNotifier, openNotifier } from '../../src/notify/notifier.ts';
import { createLog } from '../../src/observe/log.ts';
import { stopClock } from '../sandbox/clock.ts';
import { changeOf, connect, startUpstreams } from '../sandbox/connected.ts';
import { sendPush } from '../sandbox/push.ts';
import { until } from '../sandbox/until.ts';
import { startListener } from './listener.ts';

const MINUTE = 60_000;
const SECRET = 'a-secret-of-16-characters';

async function start(t: Test, statuses?: readonly number[]) {
  const listener = await startListener(t, statuses);
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => lines.push(line) });
  const notifier = openNotifier({ url: listener.url, secret: undefined, log });
  t.teardown(() => notifier.close());
  return { ...listener, notifier, lines };
}

/** A notifier whose clock is stopped, and what it posts: over HTTP, the time-outs of the requests would be on that clock too. */
function startWithClock(t: Test) {
  const clock = stopClock(t, ['Date', 'setTimeout']);
  const texts: string[] = [];
  const notifier = createNotifier({ post: (text) => void texts.push(text), close: async () => {} });
  t.teardown(() => notifier.close());
  return { clock, notifier, texts };
}

t.test('tells of what wants a person, signed, and when it is over', async (t) => {
  const upstreams = await startUpstreams(t);
  const { commercetools, fluent } = upstreams;
  const { url, posted, texts } = await startListener(t);
  const service = await connect(t, upstreams, { NOTIFY_WEBHOOK_URL: url, NOTIFY_WEBHOOK_SECRET: SECRET });
  await fluent.changeSchema({ required: ['timezone'] });
  const customer = await commercetools.createCustomer({ email: 'ada@example.com', password: 'secret' });
  t.equal((await sendPush(service.push, changeOf(customer))).status, 503);
  t.ok(await until(() => posted.length === 1));
  t.match(
    texts()[0],
    /^Not ready: schema-mismatch \(createCustomer requires timezone, which was not given\): Fluent SANDBOX\n\(customer sync on .+\)$/,
  );
  const [first] = posted;
  const expected = createHmac('sha256', SECRET)
    .update(first?.body ?? '')
    .digest('hex');
  t.equal(first?.headers['x-signature-256'], `sha256=${expected}`);
  t.equal(first?.headers['content-type'], 'application/json');
  t.notMatch(JSON.stringify(posted), /ada@/);

  fluent.faults.on({ kind: 'reset' });
  for (const other of commercetools.seed(12)) await sendPush(service.push, changeOf(other));
  t.ok(await until(() => posted.length === 2));
  t.match(texts()[1], /^Fluent SANDBOX does not answer: its circuit is open, and events wait in Pub\/Sub\./);
});

t.test('dead letters are counted by reason, and sent once a minute', async (t) => {
  const { clock, notifier, texts } = startWithClock(t);
  for (let index = 0; index < 5; index += 1) notifier.outcome({ deadLettered: true, reason: 'no-email' });
  notifier.outcome({ deadLettered: true, reason: 'ada@example.com' });
  notifier.outcome({ deadLettered: false, reason: 'unknown-error' });
  t.match(texts, [/^1 dead letter published: no-email\./, /^1 dead letter published: other\./]);
  clock.pass(MINUTE);
  t.match(texts.slice(2), [
    /^4 dead letters published: no-email\. `customer-sync dead-letters list` shows them\./,
  ]);
  clock.pass(3 * MINUTE);
  t.equal(texts.length, 3, 'nothing in between');
  notifier.outcome({ deadLettered: true, reason: 'no-email' });
  t.match(texts.slice(3), [/^1 dead letter/]);
});

t.test('a state that is over within the minute is not sent, and one that lasts is', async (t) => {
  const { clock, notifier, texts } = startWithClock(t);
  notifier.readiness([]);
  notifier.readiness(['draining']);
  notifier.circuit('Fluent FCT', 'Open');
  notifier.circuit('Fluent FCT', 'HalfOpen');
  notifier.readiness(['credentials-refused: Fluent FCT']);
  t.match(texts, [/^Fluent FCT does not answer/, /^Not ready: credentials-refused/]);
  notifier.circuit('Fluent FCT', 'Closed');
  notifier.circuit('Fluent FCT', 'Open');
  notifier.readiness([]);
  clock.pass(MINUTE);
  t.match(texts.slice(2), [/^Ready again\./]);
  clock.pass(MINUTE);
  notifier.circuit('Fluent FCT', 'Closed');
  t.match(texts.slice(3), [/^Fluent FCT answers again\./]);
});

t.test('tries again what may pass, and logs what does not, without the URL', async (t) => {
  const passing = await start(t, [503, 429, 200]);
  passing.notifier.readiness(['credentials-refused: Fluent FCT']);
  t.ok(await until(() => passing.posted.length === 3));
  t.same(passing.lines, []);

  const refusing = await start(t, [404]);
  refusing.notifier.readiness(['credentials-refused: Fluent FCT']);
  t.ok(await until(() => refusing.lines.length === 1));
  t.match(refusing.lines[0], /"reason":"http-404".*could not be delivered; look at NOTIFY_WEBHOOK_URL/);
  t.equal(refusing.posted.length, 1);
  t.notMatch(refusing.lines.join(''), /secret-part/);
});

t.test('holds a bounded number, and says at the end what it has gathered', async (t) => {
  const { notifier, posted, texts, lines } = await start(t);
  for (let index = 0; index < 300; index += 1)
    notifier.outcome({ deadLettered: true, reason: `reason-${index}` });
  t.ok(lines.some((line) => /queue-full/.test(line)));
  notifier.readiness(['credentials-refused: Fluent FCT']);
  t.ok(await until(() => posted.length >= 51));
  await notifier.close();
  t.ok(texts().length <= 60);
});
