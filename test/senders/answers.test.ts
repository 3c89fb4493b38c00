import t, { type Test } from 'tap';
import { startDeadLetterTopic } from '../chaos/dead-letter-topic.ts';
import { startCertificates } from '../sandbox/certificates.ts';
import { changeOf, connect, startUpstreams } from '../sandbox/connected.ts';
import { cloudEventOf, eventGridRequest, subscriptionValidation } from '../sandbox/event-grid.ts';
import { eventBridgeDetail, eventBridgeRequest, type SenderRequest } from '../sandbox/eventbridge.ts';
import { wrap } from '../sandbox/push.ts';
import type { ServiceSandbox } from '../sandbox/service.ts';
import { startSns, TOPIC_ARN } from '../sandbox/sns.ts';

const upstreams = await startUpstreams(t);
const { fluent, newCustomer } = upstreams;
const sns = await startSns();
t.teardown(() => sns.close());
const topic = await startDeadLetterTopic();
t.teardown(() => topic.close());
const certificates = await startCertificates();
t.teardown(() => certificates.close());

const ORDER = { notificationType: 'ResourceUpdated', resource: { typeId: 'order', id: 'o' }, version: 1 };
const POISON = { notificationType: 'ResourceUpdated', resource: { typeId: 'customer', id: 'x' }, version: 0 };
const DEAD_LETTERS = {
  DEAD_LETTER_TOPIC: 'projects/sandbox/topics/dead-letters',
  PUBSUB_EMULATOR_HOST: topic.host,
};

/** A push of each sender, and its statuses in the table. */
const SENDERS: Record<
  string,
  { request(notification: object): SenderRequest; rejected: number; env: Record<string, string> }
> = {
  pubsub: {
    request: (notification) => ({ method: 'POST', headers: {}, body: wrap(notification) }),
    rejected: 422,
    env: { PUSH_AUTH: 'none' },
  },
  eventbridge: { request: eventBridgeRequest, rejected: 422, env: { PUSH_AUTH: 'none' } },
  sns: {
    request: (notification) => sns.notification(notification),
    rejected: 422,
    env: { PUSH_AUTH: 'sns', SNS_TOPIC_ARNS: TOPIC_ARN, SNS_ORIGIN: sns.origin },
  },
  'event-grid': {
    request: (notification) => eventGridRequest(cloudEventOf(notification)),
    rejected: 400,
    env: { PUSH_AUTH: 'none' },
  },
};

async function withFault(t: Test, work: () => Promise<void>): Promise<void> {
  t.teardown(() => fluent.faults.off());
  fluent.faults.on({ kind: 'status', status: 503 });
  await work();
  fluent.faults.off();
}

for (const [name, { request, rejected, env }] of Object.entries(SENDERS))
  t.test(`${name}: answers each outcome by its table`, async (t) => {
    const without = await connect(t, upstreams, env);
    const withTopic = await connect(t, upstreams, { ...env, ...DEAD_LETTERS });
    const expect = async (service: ServiceSandbox, notification: object, status: number, outcome: string) => {
      const answer = await fetch(service.push, request(notification));
      t.equal(answer.status, status, `${outcome}: ${status}`);
      t.equal(answer.headers.has('retry-after'), status === 503);
      t.match(
        service.lines.findLast((line) => line['outcome']),
        { sender: name, outcome },
      );
    };
    await expect(without, changeOf(await newCustomer()), 204, 'done');
    await expect(without, ORDER, 204, 'ignored');
    await expect(without, POISON, rejected, 'rejected');
    await withFault(t, async () => expect(without, changeOf(await newCustomer()), 503, 'failed'));
    const letters = topic.letters.length;
    await expect(withTopic, POISON, 204, 'rejected');
    t.equal(topic.letters.length, letters + 1);
  });

t.test(
  'no header and no body bypasses the authentication: only PUSH_AUTH determines who may push',
  async (t) => {
    const order = { method: 'POST', headers: {}, body: JSON.stringify(ORDER) } as const;
    const forged: Record<string, SenderRequest> = {
      pubsub: { method: 'POST', headers: {}, body: wrap(ORDER) },
      'pubsub, unwrapped': { ...order, headers: { 'x-goog-pubsub-message-id': '1' } },
      eventbridge: eventBridgeRequest(ORDER),
      'eventbridge, the detail alone': eventBridgeDetail(ORDER),
      'sns, signed by somebody else': sns.notification(ORDER, { forged: { Signature: 'AAAA' } }),
      'sns, raw': sns.raw(ORDER),
      'sns, a confirmation': sns.subscriptionConfirmation({ forged: { Signature: 'AAAA' } }),
      'event grid': eventGridRequest([cloudEventOf(ORDER)]),
      'event grid, a validation': subscriptionValidation('512d38b6'),
      'every header at once': {
        ...order,
        headers: {
          ...eventGridRequest({}).headers,
          ...eventBridgeRequest({}).headers,
          ...sns.notification({}).headers,
          'x-goog-pubsub-message-id': '1',
        },
      },
    };
    const modes: Record<string, Record<string, string>> = {
      token: { PUSH_AUTH: 'token', PUSH_TOKEN: 'push-token-0123456789' },
      oidc: {
        PUSH_AUTH: 'oidc',
        PUSH_AUDIENCE: 'me',
        PUSH_SERVICE_ACCOUNT: 'a@example.com',
        PUSH_CERTS_URL: certificates.url,
      },
      sns: { PUSH_AUTH: 'sns', SNS_TOPIC_ARNS: TOPIC_ARN, SNS_ORIGIN: sns.origin },
    };
    for (const [mode, env] of Object.entries(modes)) {
      const service = await connect(t, upstreams, env);
      for (const [name, request] of Object.entries(forged))
        t.equal((await fetch(service.push, request)).status, 401, `${mode}: ${name}`);
      const genuine = await fetch(service.push, sns.notification(ORDER));
      t.equal(genuine.status, mode === 'sns' ? 204 : 401, `${mode}: a message that SNS has signed`);
      t.equal(service.lines.filter(({ outcome }) => outcome).length, mode === 'sns' ? 1 : 0);
    }
  },
);
