import { once } from 'node:events';
import { createServer } from 'node:http';
import t from 'tap';
import { startDeadLetterTopic } from '../chaos/dead-letter-topic.ts';
import { stopClock } from '../sandbox/clock.ts';
import { changeOf, connect, startUpstreams } from '../sandbox/connected.ts';
import { cloudEventOf, eventGridRequest, subscriptionValidation } from '../sandbox/event-grid.ts';
import type { SenderRequest } from '../sandbox/eventbridge.ts';
import { watchOutgoing } from '../sandbox/outgoing.ts';
import { until } from '../sandbox/until.ts';

const TOKEN = 'push-token-0123456789';
const upstreams = await startUpstreams(t);
const { fluent, newCustomer } = upstreams;

const newCustomers = (count: number) => Promise.all(Array.from({ length: count }, newCustomer));
const eventOf = (customer: { id: string; version: number }) => cloudEventOf(changeOf(customer));
const POISON = cloudEventOf({
  notificationType: 'ResourceUpdated',
  resource: { typeId: 'customer', id: 'x"' },
});

async function send(url: string, request: SenderRequest) {
  const answer = await fetch(url, request);
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text && JSON.parse(text) };
}

t.test(
  'the handshake of CloudEvents is answered without credentials, and returns only the origin',
  async (t) => {
    const outgoing = watchOutgoing(t);
    let calls = 0;
    const foreign = createServer((_request, response) => {
      calls += 1;
      response.end();
    });
    foreign.listen(0, '127.0.0.1');
    await once(foreign, 'listening');
    t.teardown(() => foreign.close());
    const address = foreign.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const service = await connect(t, upstreams, { PUSH_AUTH: 'token', PUSH_TOKEN: TOKEN });
    const ask = async (headers: Record<string, string>, query = '') => {
      const answer = await fetch(service.push + query, { method: 'OPTIONS', headers });
      return { status: answer.status, headers: answer.headers, body: await answer.text() };
    };

    const answer = await ask({
      'webhook-request-origin': 'eventgrid.azure.net',
      'webhook-request-callback': `http://127.0.0.1:${port}/confirm`,
      'webhook-request-rate': '120',
      'x-other': 'other',
    });
    t.equal(answer.status, 200);
    t.equal(answer.body, '');
    t.equal(answer.headers.get('webhook-allowed-origin'), 'eventgrid.azure.net');
    t.equal(answer.headers.get('webhook-allowed-rate'), '*');
    t.match(answer.headers.get('allow'), /POST/);
    t.notMatch(JSON.stringify([...answer.headers]), /confirm|other/);
    t.match(await ask({ 'webhook-request-origin': 'eventgrid.azure.net' }, '?token=anything'), {
      status: 200,
    });
    for (const origin of ['', '*', 'a b', 'https://example.com/', '<script>', 'x'.repeat(300)])
      t.match(await ask({ 'webhook-request-origin': origin }), {
        status: 400,
        body: /WebHook-Request-Origin/,
      });
    t.match(await ask({}), { status: 400 });
    t.equal(calls, 0, 'nobody is called back');
    t.same([...outgoing], [service.url]);
  },
);

t.test('no handshake is answered where Event Grid may not push', async (t) => {
  const headers = { 'webhook-request-origin': 'eventgrid.azure.net' };
  const cases: Record<string, string>[] = [
    { PUSH_AUTH: 'sns', SNS_TOPIC_ARNS: 'arn:aws:sns:us-west-2:123456789012:customers' },
    { PUSH_AUTH: 'oidc', PUSH_AUDIENCE: 'me', PUSH_SERVICE_ACCOUNT: 'a@example.com' },
  ];
  for (const env of cases) {
    const service = await connect(t, upstreams, env);
    const answer = await fetch(service.push, { method: 'OPTIONS', headers });
    t.equal(answer.status, 404, String(env['PUSH_AUTH']));
    t.equal(answer.headers.get('webhook-allowed-origin'), null);
  }
});

t.test('the event that validates a subscription is answered with its code', async (t) => {
  const outgoing = watchOutgoing(t);
  const service = await connect(t, upstreams, { PUSH_AUTH: 'token', PUSH_TOKEN: TOKEN });
  const url = `${service.push}?token=${TOKEN}`;
  const code = '512d38b6-c7b8-40c8-89fe-f46f9e9622b6';
  const answer = await send(url, subscriptionValidation(code));
  t.equal(answer.status, 200);
  t.match(answer.headers.get('content-type'), /^application\/json/);
  t.same(answer.body, { validationResponse: code });
  const plain = { ...subscriptionValidation(code), headers: { 'content-type': 'application/json' } };
  t.match(await send(url, plain), { status: 200, body: { validationResponse: code } });
  t.match(await send(service.push, subscriptionValidation(code)), { status: 401 });
  for (const hostile of [undefined, 7, '', '<script>', 'x'.repeat(300), { a: 1 }])
    t.match(await send(url, subscriptionValidation(hostile)), {
      status: 400,
      body: { reason: 'bad-request' },
    });
  t.match(await send(url, { ...subscriptionValidation(code), body: 'no JSON' }), { status: 400 });
  t.same([...outgoing], [service.url], 'the URL in it is not called');
});

t.test('204: accepts an event and a batch of them, for any content type', async (t) => {
  const service = await connect(t, upstreams, { PUSH_AUTH: 'token', PUSH_TOKEN: TOKEN });
  const [a, b, c, d, e] = await newCustomers(5);
  if (!a || !b || !c || !d || !e) throw new Error('Expected customers.');
  const bearer = { authorization: `Bearer ${TOKEN}` };
  const one = eventGridRequest(eventOf(a), { headers: bearer, deliveryCount: 2 });
  t.match(await send(service.push, one), { status: 204 });
  t.match(service.lines.at(-1), {
    sender: 'event-grid',
    outcome: 'done',
    attempt: 3,
    messageId: /^[\w-]{36}$/,
  });
  const batch = eventGridRequest([eventOf(b), eventOf(c)], { headers: bearer });
  t.match(await send(service.push, batch), { status: 204 });
  const plain = {
    ...eventGridRequest([eventOf(d), eventOf(e)]),
    headers: { ...bearer, 'content-type': 'text/plain' },
  };
  t.match(await send(service.push, plain), { status: 204 });
  for (const { id } of [a, b, c, d, e]) t.ok(fluent.customers.has(id));
  t.match(await send(service.push, eventGridRequest([eventOf(a)])), { status: 401 });
  t.match(
    await send(service.push, eventGridRequest(eventOf(a), { headers: { authorization: 'Bearer other' } })),
    { status: 401 },
  );
});

t.test(
  '400, which is final there, if one event is rejected; the others are written nevertheless',
  async (t) => {
    const service = await connect(t, upstreams);
    const [first, last] = await newCustomers(2);
    if (!first || !last) throw new Error('Expected customers.');
    const answer = await send(service.push, eventGridRequest([eventOf(first), POISON, 7, eventOf(last)]));
    t.match(answer, { status: 400, body: { reason: 'undecodable' } });
    t.ok(fluent.customers.has(first.id));
    t.ok(fluent.customers.has(last.id));
    t.equal(service.lines.filter(({ outcome }) => outcome).length, 4, 'one line an event');
    for (const body of ['no JSON', '[]', '7', 'null', JSON.stringify(Array.from({ length: 5_001 }, () => 0))])
      t.match(
        await send(service.push, { ...eventGridRequest([]), body }),
        { status: 400 },
        body.slice(0, 10),
      );
  },
);

t.test('204 if the rejected event was dead-lettered', async (t) => {
  const topic = await startDeadLetterTopic();
  t.teardown(() => topic.close());
  const service = await connect(t, upstreams, {
    DEAD_LETTER_TOPIC: 'projects/sandbox/topics/dead-letters',
    PUBSUB_EMULATOR_HOST: topic.host,
  });
  const customer = await newCustomer();
  t.match(await send(service.push, eventGridRequest([POISON, eventOf(customer), POISON])), { status: 204 });
  t.ok(fluent.customers.has(customer.id));
  t.equal(topic.letters.length, 2, 'one dead letter an event');
  t.same(JSON.parse(topic.letters[0]?.data ?? ''), POISON, 'the event alone');
});

t.test(
  '503 if one event failed, also with a rejected one; at the redelivery the others are done already',
  async (t) => {
    t.teardown(() => fluent.faults.off());
    const service = await connect(t, upstreams);
    const [done, failing] = await newCustomers(2);
    if (!done || !failing) throw new Error('Expected customers.');
    t.match(await send(service.push, eventGridRequest([eventOf(done)])), { status: 204 });
    fluent.faults.on({ kind: 'status', status: 503 });
    const mixed = [eventOf(done), POISON, eventOf(failing)];
    const answer = await send(service.push, eventGridRequest(mixed));
    t.match(answer, { status: 503, body: { reason: /\w/ } });
    t.match(answer.headers.get('retry-after'), /^[1-9]/);
    fluent.faults.off();
    const { created } = fluent.writes;
    t.match(await send(service.push, eventGridRequest([eventOf(done), eventOf(failing)])), { status: 204 });
    t.equal(fluent.writes.created, created + 1);
  },
);

t.test('a batch uses at most a tenth of the queue, and is done nevertheless', async (t) => {
  const service = await connect(t, upstreams, { QUEUE_LIMIT: '20' });
  const many = await newCustomers(50);
  t.match(await send(service.push, eventGridRequest(many.map(eventOf))), { status: 204 });
  for (const { id } of many) t.ok(fluent.customers.has(id));
});

t.test('503 within 30 seconds, for a whole batch', async (t) => {
  const service = await connect(t, upstreams);
  t.match(await send(service.push, eventGridRequest(eventOf(await newCustomer()))), { status: 204 });
  const [one, other] = await newCustomers(2);
  if (!one || !other) throw new Error('Expected customers.');
  const clock = stopClock(t);
  const release = fluent.faults.hold('query');
  const order = cloudEventOf({
    notificationType: 'ResourceUpdated',
    resource: { typeId: 'order', id: 'o' },
    version: 1,
  });
  const slow = send(service.push, eventGridRequest([order, eventOf(one), eventOf(other)]));
  t.ok(await until(() => service.pendingEvents() === 2));
  clock.pass(29_000);
  t.match(await slow, { status: 503, body: { reason: 'deadline' } });
  release();
  t.ok(await clock.passUntil(() => service.pendingEvents() === 0));
});
