import { once } from 'node:events';
import { createServer } from 'node:http';
import t, { type Test } from 'tap';
import { stopClock } from '../sandbox/clock.ts';
import { changeOf, connect, startUpstreams } from '../sandbox/connected.ts';
import { eventBridgeRequest, type SenderRequest } from '../sandbox/eventbridge.ts';
import { watchOutgoing } from '../sandbox/outgoing.ts';
import { wrap } from '../sandbox/push.ts';
import { startSns, TOPIC_ARN } from '../sandbox/sns.ts';
import { until } from '../sandbox/until.ts';

const TOKEN = 'push-token-0123456789';
const OTHER_TOPIC = 'arn:aws:sns:us-west-2:123456789012:others';
const upstreams = await startUpstreams(t);
const { commercetools, fluent, newCustomer } = upstreams;

/** A service that accepts the messages of a stand-in for SNS. */
async function withSns(t: Test, env: Record<string, string> = {}) {
  const sns = await startSns();
  t.teardown(() => sns.close());
  const service = await connect(t, upstreams, {
    PUSH_AUTH: 'sns',
    SNS_TOPIC_ARNS: `arn:aws:sns:us-west-2:123456789012:first, ${TOPIC_ARN}`,
    SNS_ORIGIN: sns.origin,
    ...env,
  });
  const send = async (request: SenderRequest, query = '') => {
    const answer = await fetch(service.push + query, request);
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text && JSON.parse(text) };
  };
  return { sns, service, send };
}

const order = { notificationType: 'ResourceUpdated', resource: { typeId: 'order', id: 'o' }, version: 1 };

t.test('204: accepts signed messages of a listed topic, and fetches the certificate once', async (t) => {
  const { sns, service, send } = await withSns(t);
  const cases: { name: string; request: (payload: object) => SenderRequest }[] = [
    { name: 'signature version 1', request: (payload) => sns.notification(payload) },
    { name: 'signature version 2', request: (payload) => sns.notification(payload, { version: '2' }) },
    {
      name: 'a subject',
      request: (payload) => sns.notification(payload, { fields: { Subject: 'Customers' } }),
    },
    {
      name: 'another content type',
      request: (payload) => sns.notification(payload, { headers: { 'content-type': 'application/json' } }),
    },
    {
      name: 'an hour after it was published',
      request: (payload) =>
        sns.notification(payload, { fields: { Timestamp: new Date(Date.now() - 3_600_000).toISOString() } }),
    },
  ];
  await Promise.all(
    cases.map(({ name, request }) =>
      t.test(name, async (t) => {
        const customer = await newCustomer();
        t.match(await send(request(changeOf(customer))), { status: 204 });
        t.match(fluent.customers.get(customer.id), { primaryEmail: customer.email });
      }),
    ),
  );
  t.equal(sns.requests.certificates, 1);
  t.match(
    service.lines.find(({ outcome }) => outcome),
    { sender: 'sns', messageId: /^[\w-]{36}$/ },
  );
  t.match(await send(sns.notification('no JSON')), { status: 422, body: { reason: 'undecodable' } });
});

t.test('refuses messages that SNS has not signed for a listed topic, without any request', async (t) => {
  const { sns, service, send } = await withSns(t);
  const foreign = await startListener(t);
  const outgoing = watchOutgoing(t);
  const pem = `SimpleNotificationService-${'a'.repeat(32)}.pem`;
  const certificate = (SigningCertURL: string) => sns.notification(order, { fields: { SigningCertURL } });
  const subscribe = (SubscribeURL: string) => sns.subscriptionConfirmation({ fields: { SubscribeURL } });
  const query = `Action=ConfirmSubscription&TopicArn=${TOPIC_ARN}&Token=t`;
  const cases: { name: string; request: SenderRequest; status: number; reason: string }[] = [
    ...[
      `http://${foreign.host}/${pem}`,
      `https://${foreign.host}/${pem}`,
      `https://sns.us-west-2.amazonaws.com@${foreign.host}/${pem}`,
      `https://sns.us-west-2.amazonaws.com:${foreign.port}/${pem}`,
      `https://${foreign.host}/https://sns.us-west-2.amazonaws.com/${pem}`,
      `http://sns.us-west-2.amazonaws.com/${pem}`,
      `https://sns.us-west-2.amazonaws.com.example.com/${pem}`,
      `https://sns.s3-us-west-2.amazonaws.com/${pem}`,
      `https://sns.eu-west-1.amazonaws.com/${pem}`,
      `https://sns.us-west-2.amazonaws.com/other/${pem}`,
      `https://sns.us-west-2.amazonaws.com/${pem}?x`,
      `https://sns.us-west-2.amazonaws.com/${pem}\n`,
      'nonsense',
    ].map((url) => ({
      name: `a certificate from ${url}`,
      request: certificate(url),
      status: 401,
      reason: 'wrong-certificate-url',
    })),
    ...[
      `http://${foreign.host}/?${query}`,
      `https://sns.us-west-2.amazonaws.com@${foreign.host}/?${query}`,
      `https://user@sns.us-west-2.amazonaws.com/?${query}`,
      `https://sns.us-west-2.amazonaws.com:${foreign.port}/?${query}`,
      `https://sns.us-west-2.amazonaws.com/elsewhere?${query}`,
      'https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription',
      `https://sns.us-west-2.amazonaws.com/?Action=DeleteTopic&TopicArn=${TOPIC_ARN}`,
      `https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${OTHER_TOPIC}`,
      'nonsense',
    ].map((url) => ({
      name: `a confirmation at ${url}`,
      request: subscribe(url),
      status: 401,
      reason: 'wrong-subscribe-url',
    })),
    {
      name: 'another topic',
      request: sns.notification(order, { fields: { TopicArn: OTHER_TOPIC } }),
      status: 403,
      reason: 'wrong-topic',
    },
    {
      name: 'another topic behind the header of a listed one',
      request: sns.notification(order, {
        fields: { TopicArn: OTHER_TOPIC },
        headers: { 'x-amz-sns-topic-arn': TOPIC_ARN },
      }),
      status: 403,
      reason: 'wrong-topic',
    },
    {
      name: 'the confirmation of another topic',
      request: sns.subscriptionConfirmation({
        fields: { TopicArn: OTHER_TOPIC },
        headers: { 'x-amz-sns-topic-arn': TOPIC_ARN },
      }),
      status: 403,
      reason: 'wrong-topic',
    },
    {
      name: 'a message of yesterday',
      request: sns.notification(order, {
        fields: { Timestamp: new Date(Date.now() - 86_400_000).toISOString() },
      }),
      status: 403,
      reason: 'stale-message',
    },
    {
      name: 'a message of tomorrow',
      request: sns.notification(order, {
        fields: { Timestamp: new Date(Date.now() + 86_400_000).toISOString() },
      }),
      status: 403,
      reason: 'stale-message',
    },
    { name: 'raw delivery', request: sns.raw(order), status: 401, reason: 'raw-delivery' },
    ...[
      { Signature: undefined },
      { Signature: 'no base64!' },
      { SignatureVersion: '3' },
      { Type: 'Other' },
      { Message: undefined },
      { Timestamp: 'today' },
      { SigningCertURL: undefined },
      { TopicArn: undefined },
    ].map((forged) => ({
      name: `a message with ${JSON.stringify(forged)}`,
      request: sns.notification(order, { forged, headers: { 'x-amz-sns-topic-arn': TOPIC_ARN } }),
      status: 401,
      reason: 'malformed-message',
    })),
    {
      name: 'invalid JSON',
      request: { ...sns.notification(order), body: 'no JSON' },
      status: 401,
      reason: 'malformed-message',
    },
    {
      name: 'a payload without a message',
      request: { ...sns.notification(order), body: JSON.stringify(order) },
      status: 401,
      reason: 'malformed-message',
    },
    {
      name: 'a push of Pub/Sub',
      request: { method: 'POST', headers: {}, body: wrap(order) },
      status: 401,
      reason: 'no-credentials',
    },
    {
      name: 'a push of Pub/Sub with the headers of SNS',
      request: { ...sns.notification(order), body: wrap(order) },
      status: 401,
      reason: 'malformed-message',
    },
    {
      name: 'a push of EventBridge',
      request: eventBridgeRequest(order),
      status: 401,
      reason: 'no-credentials',
    },
    {
      name: 'the headers of several senders',
      request: {
        ...eventBridgeRequest(order),
        headers: {
          ...eventBridgeRequest(order).headers,
          ...sns.notification(order).headers,
          'x-goog-pubsub-message-id': '1',
          authorization: 'Bearer anything',
        },
      },
      status: 401,
      reason: 'malformed-message',
    },
  ];
  for (const { name, request, status, reason } of cases)
    await t.test(name, async (t) => {
      const answer = await send(request);
      t.equal(answer.status, status);
      t.match(answer.body, { reason, detail: /^Expected .* found / });
    });
  t.same(sns.requests, { certificates: 0, confirmations: 0 });
  t.equal(foreign.requests, 0);
  t.same([...outgoing], [service.url], 'nothing was sent but the pushes of this test');
  t.equal(service.lines.filter(({ outcome }) => outcome).length, 0, 'none of it was opened');
});

t.test('401: refuses an invalid signature', async (t) => {
  const { sns, send } = await withSns(t);
  const stranger = await startSns(1);
  t.teardown(() => stranger.close());
  const genuine = JSON.parse(sns.notification(order).body);
  const cases: { name: string; request: SenderRequest }[] = [
    { name: 'another payload', request: sns.notification(order, { forged: { Message: '{}' } }) },
    {
      name: 'another time',
      request: sns.notification(order, {
        forged: { Timestamp: new Date(Date.now() + 60_000).toISOString() },
      }),
    },
    { name: 'a subject that was added', request: sns.notification(order, { forged: { Subject: 'x' } }) },
    { name: 'the other version', request: sns.notification(order, { forged: { SignatureVersion: '2' } }) },
    { name: 'an empty signature', request: sns.notification(order, { forged: { Signature: '' } }) },
    {
      name: 'the key of another certificate',
      request: stranger.notification(order, { forged: { SigningCertURL: genuine.SigningCertURL } }),
    },
    {
      name: 'another type',
      request: sns.notification(order, { forged: { Type: 'UnsubscribeConfirmation' } }),
    },
    {
      name: 'the token of another message',
      request: sns.subscriptionConfirmation({ forged: { Token: 'another' } }),
    },
  ];
  for (const { name, request } of cases) {
    const answer = await send(request);
    t.match(answer, { status: 401, body: { reason: 'wrong-signature' } }, name);
  }
  t.same(sns.requests, { certificates: 1, confirmations: 0 });
});

t.test('confirms the subscription of a listed topic automatically, once', async (t) => {
  const { sns, service, send } = await withSns(t);
  const request = sns.subscriptionConfirmation();
  const [one, other] = await Promise.all([send(request), send(request)]);
  t.same([one?.status, other?.status], [204, 204]);
  t.match(await send(request), { status: 204 });
  t.equal(sns.confirmed.length, 1);
  t.equal(sns.confirmed[0]?.get('TopicArn'), TOPIC_ARN);
  t.equal(sns.confirmed[0]?.get('Token'), JSON.parse(request.body).Token);
  t.match(await send(sns.subscriptionConfirmation({ version: '2' })), { status: 204 });
  t.match(service.lines.at(-1), { topicArn: TOPIC_ARN, message: /confirmed/ });
  const log = JSON.stringify(service.lines);
  t.notOk(log.includes(JSON.parse(request.body).Token), 'the token is not logged');
});

t.test('503: retries a confirmation that SNS does not accept', async (t) => {
  const { sns, send } = await withSns(t);
  t.match(await send(sns.notification(order)), { status: 204 }, 'it has the certificate');
  const foreign = await startListener(t);
  sns.redirectTo = `http://${foreign.host}/`;
  const request = sns.subscriptionConfirmation();
  for (const fault of ['error', 'redirect', 'endless'] as const) {
    sns.fault = fault;
    t.match(await send(request), { status: 503, body: { reason: 'confirmation-failed' } }, fault);
  }
  t.equal(foreign.requests, 0, 'no redirect is followed');
  sns.fault = 'none';
  t.match(await send(request), { status: 204 });
  t.equal(sns.confirmed.length, 1);
});

t.test('acknowledges the end of a subscription, with a warning', async (t) => {
  const { sns, service, send } = await withSns(t);
  t.match(await send(sns.unsubscribeConfirmation()), { status: 204 });
  t.match(service.lines.at(-1), { severity: 'WARNING', topicArn: TOPIC_ARN, message: /deleted/ });
  t.equal(sns.requests.confirmations, 0, 'and does not subscribe again');
});

t.test(
  '503 with Retry-After: a certificate that cannot be fetched does not reject the message',
  async (t) => {
    for (const fault of ['error', 'nonsense', 'endless', 'redirect', 'hang'] as const)
      await t.test(fault, async (t) => {
        const { sns, send } = await withSns(t);
        const foreign = await startListener(t);
        sns.redirectTo = `http://${foreign.host}/`;
        sns.fault = fault;
        const clock = stopClock(t, ['setTimeout']);
        const [one, other] = [send(sns.notification(order)), send(sns.notification(order))];
        const answer = await one;
        t.match(answer, { status: 503, body: { reason: 'certificate-unavailable' } });
        t.match(answer.headers.get('retry-after'), /^[1-9]/);
        t.match(await other, { status: 503 });
        t.equal(sns.requests.certificates, 1, 'one request for both');
        t.match(await send(sns.notification(order)), { status: 503 });
        t.equal(sns.requests.certificates, 1, 'and none for the next few seconds');
        t.equal(foreign.requests, 0, 'no redirect is followed');
        sns.fault = 'none';
        clock.pass(5_100);
        t.match(await send(sns.notification(order)), { status: 204 });
        t.equal(sns.requests.certificates, 2);
      });
  },
);

t.test('503: invented certificates cause few concurrent requests, and evict no key', async (t) => {
  const { sns, send } = await withSns(t);
  t.match(await send(sns.notification(order)), { status: 204 });
  sns.fault = 'hang';
  const forge = (index: number) => {
    const path = `SimpleNotificationService-${String(index).padStart(32, '0')}.pem`;
    return sns.notification(order, {
      forged: { SigningCertURL: `https://sns.us-west-2.amazonaws.com/${path}` },
    });
  };
  const forged = Array.from({ length: 50 }, (_, index) => send(forge(index)));
  t.ok(await until(() => sns.requests.certificates === 6));
  t.match(await send(sns.notification(order)), { status: 204 }, 'while they are requested');
  for (const { status } of await Promise.all(forged)) t.equal(status, 503);
  t.equal(sns.requests.certificates, 6, 'five at once');
});

t.test('with PUSH_AUTH=token the token is checked, and only the confirmation has to be signed', async (t) => {
  const { sns, service, send } = await withSns(t, { PUSH_AUTH: 'token', PUSH_TOKEN: TOKEN });
  const query = `?token=${TOKEN}`;
  const customer = await newCustomer();
  t.match(await send(sns.raw(changeOf(customer)), query), { status: 204 });
  t.match(service.lines.at(-1), { sender: 'sns', outcome: 'done', messageId: /^[\w-]{36}$/ });
  t.match(fluent.customers.get(customer.id), { primaryEmail: customer.email });
  t.match(await send(sns.notification(changeOf(await newCustomer())), query), { status: 204 });
  t.same(sns.requests, { certificates: 0, confirmations: 0 });
  t.match(await send(sns.raw(order)), { status: 401 });
  t.match(await send(sns.notification(order)), { status: 401 }, 'a signature does not stand for the token');
  t.match(await send(sns.subscriptionConfirmation()), { status: 401 });
  t.same(sns.requests, { certificates: 0, confirmations: 0 });
  const forged = sns.subscriptionConfirmation({ forged: { Signature: 'AAAA' } });
  t.match(await send(forged, query), { status: 401, body: { reason: 'wrong-signature' } });
  t.equal(sns.requests.confirmations, 0);
  t.match(await send(sns.subscriptionConfirmation(), query), { status: 204 });
  t.equal(sns.requests.confirmations, 1);
});

t.test('403: without SNS_TOPIC_ARNS no subscription is confirmed, and nothing is requested', async (t) => {
  const { sns, send } = await withSns(t, { PUSH_AUTH: 'none', SNS_TOPIC_ARNS: '' });
  const answer = await send(sns.subscriptionConfirmation());
  t.match(answer, { status: 403, body: { reason: 'wrong-topic', detail: /SNS_TOPIC_ARNS/ } });
  t.match(await send(sns.unsubscribeConfirmation()), { status: 403 });
  t.same(sns.requests, { certificates: 0, confirmations: 0 });
});

t.test('503 within 15 seconds', async (t) => {
  const { sns, service, send } = await withSns(t);
  t.match(await send(sns.notification(changeOf(await newCustomer()))), { status: 204 });
  const { id, version } = await newCustomer();
  const clock = stopClock(t);
  const release = commercetools.hold('by-id');
  const slow = send(sns.notification(changeOf({ id, version })));
  t.ok(await until(() => service.pendingEvents() === 1));
  clock.pass(14_000);
  t.match(await slow, { status: 503, body: { reason: 'deadline' } });
  release();
  t.ok(await clock.passUntil(() => service.pendingEvents() === 0));
});

/** A server that should receive no request. */
async function startListener(t: Test) {
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    response.end();
  });
  server.on('connection', () => {
    requests += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    host: `127.0.0.1:${port}`,
    port,
    get requests() {
      return requests;
    },
  };
}
