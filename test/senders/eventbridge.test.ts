import t from 'tap';
import { stopClock } from '../sandbox/clock.ts';
import { ANSWER_MILLISECONDS, changeOf, connect, startUpstreams } from '../sandbox/connected.ts';
import { eventBridgeDetail, eventBridgeRequest, type SenderRequest } from '../sandbox/eventbridge.ts';
import { sendPush } from '../sandbox/push.ts';
import { until } from '../sandbox/until.ts';

const TOKEN = 'push-token-0123456789';
const upstreams = await startUpstreams(t);
const { commercetools, fluent, newCustomer } = upstreams;

function cloudEvent(data: object, subject: string): object {
  return {
    id: 'c-1',
    source: `/${commercetools.projectKey}/customers`,
    specversion: '1.0',
    type: 'com.commercetools.customer.change.ResourceUpdated',
    subject,
    time: new Date().toISOString(),
    sequence: '1',
    sequencetype: 'Integer',
    data,
  };
}

function messageOf({ id, version }: { id: string; version: number }): object {
  return {
    notificationType: 'Message',
    id: 'm-1',
    version: 1,
    sequenceNumber: 3,
    resource: { typeId: 'customer', id },
    resourceVersion: version,
    type: 'CustomerEmailChanged',
  };
}

const basic = (password: string) => `Basic ${Buffer.from(`any-user:${password}`).toString('base64')}`;

t.test('204: accepts every format that an API destination can send', async (t) => {
  const service = await connect(t, upstreams, { PUSH_AUTH: 'token', PUSH_TOKEN: TOKEN });
  const cases: { name: string; request: (customer: { id: string; version: number }) => SenderRequest }[] = [
    { name: 'the whole event, a change', request: (customer) => eventBridgeRequest(changeOf(customer)) },
    {
      name: 'the whole event, a Message',
      request: (customer) => eventBridgeRequest(messageOf(customer), { detailType: 'CustomerEmailChanged' }),
    },
    {
      name: 'a detail-type with another value',
      request: (customer) => eventBridgeRequest(changeOf(customer), { detailType: 'OrderDeleted' }),
    },
    {
      name: 'the whole event around a CloudEvent',
      request: (customer) => eventBridgeRequest(cloudEvent(changeOf(customer), customer.id)),
    },
    { name: 'the detail alone', request: (customer) => eventBridgeDetail(changeOf(customer)) },
    {
      name: 'the detail alone, a CloudEvent',
      request: (customer) => eventBridgeDetail(cloudEvent(changeOf(customer), customer.id)),
    },
    {
      name: 'the whole event without the user agent of EventBridge',
      request: (customer) => ({
        ...eventBridgeRequest(changeOf(customer)),
        headers: { 'content-type': 'text/plain' },
      }),
    },
  ];
  for (const { name, request } of cases)
    await t.test(name, async (t) => {
      const customer = await newCustomer();
      const made = request(customer);
      const headers = { ...made.headers, authorization: `Bearer ${TOKEN}` };
      const answer = await fetch(service.push, { ...made, headers });
      t.equal(answer.status, 204);
      t.match(service.lines.at(-1), { sender: 'eventbridge', resource: `customer/${customer.id}` });
      // The shipped route matches changes, and no Messages.
      if (made.body.includes('"Message"')) return;
      t.match(fluent.customers.get(customer.id), { primaryEmail: customer.email });
    });
  t.match(
    service.lines.find(({ outcome }) => outcome),
    { messageId: /^00000000-0000-4000-8000-/ },
  );
});

t.test('accepts the token as a bearer token, in the query or as the password of Basic', async (t) => {
  const service = await connect(t, upstreams, { PUSH_AUTH: 'token', PUSH_TOKEN: TOKEN });
  const cases: { name: string; status: number; query?: string; authorization?: string }[] = [
    { name: 'bearer', status: 204, authorization: `Bearer ${TOKEN}` },
    { name: 'query', status: 204, query: `?token=${TOKEN}` },
    { name: 'basic', status: 204, authorization: basic(TOKEN) },
    { name: 'basic, another password', status: 401, authorization: basic(`${TOKEN}1`) },
    { name: 'basic, no password', status: 401, authorization: basic('') },
    { name: 'basic, the token as the user', status: 401, authorization: `Basic ${btoa(`${TOKEN}:`)}` },
    { name: 'basic, no base64', status: 401, authorization: 'Basic ' },
    { name: 'nothing', status: 401 },
  ];
  const order = { notificationType: 'ResourceUpdated', resource: { typeId: 'order', id: 'o' }, version: 1 };
  for (const { name, status, query = '', authorization } of cases) {
    const made = eventBridgeRequest(order);
    const headers = { ...made.headers, ...(authorization && { authorization }) };
    const answer = await fetch(service.push + query, { ...made, headers });
    t.equal(answer.status, status, name);
    const challenge = answer.headers.get('www-authenticate');
    t.equal(challenge, status === 401 ? 'Bearer, Basic realm="push"' : null, name);
  }
});

t.test('422, which is final there, for a rejected event', async (t) => {
  const service = await connect(t, upstreams);
  for (const detail of [{ notificationType: 'ResourceUpdated' }, { notificationType: 7 }, {}]) {
    const answer = await fetch(service.push, eventBridgeRequest(detail));
    t.equal(answer.status, 422);
    t.match(await answer.json(), { reason: 'undecodable' });
  }
});

t.test('503 within 5 seconds, for any ACK_DEADLINE_SECONDS', async (t) => {
  t.teardown(() => commercetools.clearFaults());
  const service = await connect(t, upstreams, { ACK_DEADLINE_SECONDS: '60' });
  t.equal((await fetch(service.push, eventBridgeRequest(changeOf(await newCustomer())))).status, 204);
  const customers = [await newCustomer(), await newCustomer()];
  const clock = stopClock(t);
  const release = commercetools.hold('by-id');
  const [one, other] = customers.map((customer) => changeOf(customer));
  const slow = fetch(service.push, eventBridgeRequest(one));
  let isPubSubAnswered = false;
  const patient = sendPush(service.push, other).then((answer) => {
    isPubSubAnswered = true;
    return answer;
  });
  t.ok(await until(() => service.pendingEvents() === 2));
  clock.pass(4_500);
  const answer = await slow;
  t.equal(answer.status, 503);
  t.match(answer.headers.get('retry-after'), /^[1-9]/);
  t.match(await answer.json(), { reason: 'deadline' });
  t.equal(isPubSubAnswered, false, 'Pub/Sub has its own limit');
  clock.pass(ANSWER_MILLISECONDS - 4_500);
  t.equal((await patient).status, 503);
  release();
  t.ok(await clock.passUntil(() => service.pendingEvents() === 0));
});

t.test('closes the connection of each event, as the sender requests', async (t) => {
  const service = await connect(t, upstreams);
  const made = eventBridgeRequest(changeOf(await newCustomer()));
  const answer = await fetch(service.push, { ...made, headers: { ...made.headers, connection: 'close' } });
  t.equal(answer.status, 204);
  t.equal(answer.headers.get('connection'), 'close');
});
