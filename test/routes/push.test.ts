import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import t, { type Test } from 'tap';
import { startCertificates } from '../sandbox/certificates.ts';
import { stopClock } from '../sandbox/clock.ts';
import { ANSWER_MILLISECONDS, changeOf, connect, startUpstreams } from '../sandbox/connected.ts';
import { type PushOptions, type PushResponse, sendPush, wrap } from '../sandbox/push.ts';
import type { ServiceSandbox } from '../sandbox/service.ts';
import { until } from '../sandbox/until.ts';

const upstreams = await startUpstreams(t);
const { commercetools, fluent } = upstreams;
let customers = 0;

/** A customer in commercetools that does not exist in Fluent, and the notification about it. */
async function newCustomer() {
  customers += 1;
  const customer = await commercetools.createCustomer({
    email: `push-${customers}@example.com`,
    password: 'secret',
    firstName: 'Push',
  });
  return { customer, payload: changeOf(customer, 'ResourceCreated') };
}

function clearFaults(t: Test) {
  t.teardown(() => {
    fluent.faults.off();
    commercetools.clearFaults();
  });
}

/** The logged outcomes so far, without other lines. */
function outcomes({ lines }: ServiceSandbox) {
  return lines.filter((line) => 'outcome' in line);
}

function retriesLater(t: Test, { status, headers }: PushResponse) {
  t.equal(status, 503);
  t.match(headers.get('retry-after'), /^[1-9]\d*$/);
}

const HANDLER = `
  import { z } from 'zod';
  import { defineHandler, Rejection } from '${new URL('../../src/handler.ts', import.meta.url).href}';
  const ACTS = {
    throw: async () => { throw new TypeError('jane@example.com'); },
    'throw-at-once': () => { throw new Error('jane@example.com'); },
    nothing: async () => undefined,
    forget: () => new Promise(() => {}),
    reject: async () => { throw new Rejection('not-wanted', 'Expected something else.'); },
  };
  export default defineHandler({
    description: 'Acts as its props say.',
    props: z.object({ act: z.enum(Object.keys(ACTS)) }),
    readsCurrentState: true,
    create: ({ act }) => ACTS[act],
  });
`;

/** A service whose routes lead to a handler that acts by the resource type. */
async function withActs(t: Test, env: Record<string, string> = {}) {
  const acts = ['throw', 'throw-at-once', 'nothing', 'forget', 'reject'];
  const routes = acts.map(
    (act) => `  - { route: test.${act}, handler: act, props: { name: ${act}, act: ${act} } }`,
  );
  const accounts = `accounts:
  - commercetools: { projectKey: '\${CTP_PROJECT_KEY}', clientId: '\${CTP_CLIENT_ID}', clientSecret: '\${CTP_CLIENT_SECRET}', authUrl: '\${CTP_AUTH_URL}', apiUrl: '\${CTP_API_URL}' }
    fluent: { apiUrl: '\${FLUENT_API_URL}', clientId: '\${FLUENT_CLIENT_ID}', clientSecret: '\${FLUENT_CLIENT_SECRET}', username: '\${FLUENT_USERNAME}', password: '\${FLUENT_PASSWORD}', retailerId: '1' }`;
  const folder = t.testdir({
    'connector.yml': [accounts, 'routes:', ...routes].join('\n'),
    handlers: { 'act.js': HANDLER },
  });
  return connect(
    t,
    upstreams,
    { CONNECTOR_CONFIG: `${folder}/connector.yml`, ...env },
    { handlersFolder: `${folder}/handlers` },
  );
}

const about = (typeId: string, id = 'some-id') => ({
  notificationType: 'ResourceUpdated',
  resource: { typeId, id },
  version: 1,
});

t.test('204: acknowledges events without work', async (t) => {
  const service = await connect(t, upstreams);
  const { customer, payload } = await newCustomer();

  async function acknowledges(
    name: string,
    sent: unknown,
    expected: { kind: string; reason: string },
    options: PushOptions = {},
  ) {
    await t.test(name, async (t) => {
      const { status, body } = await sendPush(service.push, sent, options);
      t.equal(status, 204);
      t.equal(body, '');
      const line = outcomes(service).at(-1);
      t.match(line, { outcome: expected.kind, reason: expected.reason, severity: 'INFO' });
    });
  }

  await acknowledges('a customer that it creates', payload, { kind: 'done', reason: 'created' });
  t.match(fluent.customers.get(customer.id), { primaryEmail: customer.email, firstName: 'Push' });
  await acknowledges('the same once more', payload, { kind: 'done', reason: 'already-done' });
  const updated = await commercetools.updateCustomer(customer.id, { firstName: 'Pushed' });
  await acknowledges('one that it updates', changeOf(updated), { kind: 'done', reason: 'updated' });
  t.match(fluent.customers.get(customer.id), { firstName: 'Pushed' });
  await acknowledges('one that no route wants', about('order'), { kind: 'ignored', reason: 'no-route' });
  await acknowledges(
    "the subscription's test",
    { ...about('subscription'), notificationType: 'ResourceCreated' },
    {
      kind: 'ignored',
      reason: 'subscription-test',
    },
  );
  await acknowledges('a customer that no longer exists', about('customer', 'gone-long-ago'), {
    kind: 'ignored',
    reason: 'customer-gone',
  });
  t.equal(outcomes(service).length, 6, 'one line an outcome');
});

t.test('204: acknowledges a customer that is equal in Fluent already, without a write', async (t) => {
  const { payload } = await newCustomer();
  const first = await connect(t, upstreams);
  t.equal((await sendPush(first.push, payload)).status, 204);
  const { created, updated } = fluent.writes;
  const another = await connect(t, upstreams);
  t.equal((await sendPush(another.push, payload)).status, 204);
  t.match(outcomes(another), [{ outcome: 'done', reason: 'unchanged' }]);
  t.match(fluent.writes, { created, updated });
});

t.test('422: returns the reason of a rejection without a dead-letter topic', async (t) => {
  const service = await withActs(t);
  const cases: { name: string; payload: unknown; reason: string }[] = [
    { name: 'invalid JSON', payload: 'no JSON', reason: 'undecodable' },
    { name: 'empty data', payload: '', reason: 'no-data' },
    {
      name: 'an id with characters of the predicate',
      payload: about('throw', 'x" or id != "'),
      reason: 'undecodable',
    },
    {
      name: 'another project',
      payload: { ...about('throw'), projectKey: 'elsewhere' },
      reason: 'no-account',
    },
    { name: 'an event that its handler rejects', payload: about('reject'), reason: 'not-wanted' },
  ];
  for (const { name, payload, reason } of cases) {
    await t.test(name, async (t) => {
      const { status, body, headers } = await sendPush(service.push, payload, { attributes: { a: 'b' } });
      t.equal(status, 422);
      t.match(JSON.parse(body), { reason, detail: /\w/ });
      t.equal(headers.get('retry-after'), null);
      t.match(outcomes(service).at(-1), { outcome: 'rejected', reason, severity: 'WARNING' });
    });
  }
});

t.test('503 with Retry-After: fails events that may work later', async (t) => {
  interface Case {
    readonly name: string;
    fault(): unknown;
    /** The number of requests without a response. */
    hung?(): number;
    readonly reason: RegExp;
    readonly retryAfter?: string;
  }
  const cases: Case[] = [
    {
      name: 'Fluent down',
      fault: () => fluent.faults.on({ kind: 'status', status: 503 }),
      reason: /upstream-error/,
    },
    {
      name: 'Fluent resetting',
      fault: () => fluent.faults.on({ kind: 'reset' }),
      reason: /upstream-unreachable/,
    },
    {
      name: 'Fluent hanging',
      fault: () => fluent.faults.on({ kind: 'hang' }),
      hung: () => fluent.faults.injected.hang,
      reason: /timeout|out-of-time|deadline/,
    },
    {
      name: 'Fluent answering 429',
      fault: () => fluent.faults.on({ kind: 'too-many-requests', retryAfterSeconds: 17 }),
      reason: /rate-limited/,
      retryAfter: '17',
    },
    {
      name: 'Fluent refusing the credentials',
      fault: () => {
        fluent.revokeTokens();
        fluent.faults.on({ kind: 'wrong-credentials' });
      },
      reason: /credentials-refused/,
    },
    {
      name: 'Fluent denying the permission',
      fault: () => fluent.faults.on({ kind: 'permission' }),
      reason: /permission-missing/,
    },
    {
      name: 'commercetools down',
      fault: () => commercetools.fault({ kind: 'status' }),
      reason: /upstream-error/,
    },
    {
      name: 'commercetools hanging',
      fault: () => commercetools.fault({ kind: 'hang' }),
      hung: () => commercetools.faultCounts.hang,
      reason: /timeout|out-of-time|deadline/,
    },
    {
      name: 'commercetools refusing the credentials',
      fault: () => commercetools.fault({ kind: 'wrong-credentials' }),
      reason: /credentials-refused/,
    },
    {
      name: 'commercetools answering 429',
      fault: () => commercetools.fault({ kind: 'too-many-requests', retryAfterSeconds: 23 }),
      reason: /rate-limited/,
      retryAfter: '23',
    },
  ];
  for (const { name, fault, hung, reason, retryAfter } of cases) {
    await t.test(name, async (t) => {
      clearFaults(t);
      const { customer, payload } = await newCustomer();
      const service = await connect(t, upstreams);
      fault();
      const pushUntilDeadline = async (hung: () => number) => {
        const clock = stopClock(t);
        const before = hung();
        const answer = sendPush(service.push, payload);
        t.ok(await until(() => hung() > before));
        clock.pass(ANSWER_MILLISECONDS);
        return answer;
      };
      const response = hung ? await pushUntilDeadline(hung) : await sendPush(service.push, payload);
      retriesLater(t, response);
      if (retryAfter !== undefined) t.equal(response.headers.get('retry-after'), retryAfter);
      t.match(JSON.parse(response.body), { reason, detail: /\w/ });
      t.match(outcomes(service)[0], { outcome: 'failed', reason, severity: 'WARNING' });
      t.equal(fluent.customers.has(customer.id), false);
    });
  }
});

t.test('503 with Retry-After: tolerates faulty handlers', async (t) => {
  const service = await withActs(t);
  const cases: { act: string; reason: string }[] = [
    { act: 'throw', reason: 'unknown-error' },
    { act: 'throw-at-once', reason: 'unknown-error' },
    { act: 'nothing', reason: 'no-outcome' },
  ];
  for (const { act, reason } of cases) {
    await t.test(act, async (t) => {
      const response = await sendPush(service.push, about(act));
      retriesLater(t, response);
      t.match(JSON.parse(response.body), { reason });
    });
    await t.test(`${act}, and the resource is not blocked by it`, async (t) => {
      const again = await sendPush(service.push, about(act));
      t.match(JSON.parse(again.body), { reason });
    });
  }
  await t.test('forget, and the resource is blocked only for the grace period', async (t) => {
    const clock = stopClock(t);
    const forgotten = async () => {
      const answer = sendPush(service.push, about('forget'));
      t.ok(await until(() => service.pendingEvents() === 1));
      clock.pass(ANSWER_MILLISECONDS);
      const response = await answer;
      retriesLater(t, response);
      t.match(JSON.parse(response.body), { reason: 'deadline' });
    };
    await forgotten();
    clock.pass(ANSWER_MILLISECONDS);
    t.ok(await until(() => service.pendingEvents() === 0));
    await forgotten();
  });
});

t.test(
  'an error of a handler is logged with its frames, and in production without its message',
  async (t) => {
    for (const env of [{ NODE_ENV: 'production' }, {}]) {
      const service = await withActs(t, env);
      const { body } = await sendPush(service.push, about('throw'));
      t.match(
        JSON.parse(body).detail,
        /^The handler threw an unknown error \(TypeError at \S+act\.js:5:\d+\)\.$/,
      );
      const line = service.lines.find(({ outcome }) => outcome === 'failed');
      t.match(line, { err: { type: 'TypeError', stack: /^ {4}at .*act\.js:5:\d+\)$/m } });
      if ('NODE_ENV' in env) t.notMatch(JSON.stringify(service.lines), /jane@example/);
      else t.match(line, { err: { message: 'jane@example.com' } });
      t.notMatch(body, /jane@example/);
    }
  },
);

t.test('503 at the deadline, and the redelivery finds it done without a write', async (t) => {
  clearFaults(t);
  const service = await connect(t, upstreams, { ACK_DEADLINE_SECONDS: '10' });
  t.equal((await sendPush(service.push, (await newCustomer()).payload)).status, 204, 'it has its tokens');
  const { customer, payload } = await newCustomer();
  const clock = stopClock(t);
  const reads = commercetools.requests['by-id'];
  const writes = fluent.requests.mutation.requests;
  // A request may take 4.5 s and the response is due after 9 s, so each step takes 4 s: read, write, and half of the check.
  const read = commercetools.hold('by-id');
  const answer = sendPush(service.push, payload);
  t.ok(await until(() => commercetools.requests['by-id'] === reads + 1));
  clock.pass(4_000);
  const write = fluent.faults.hold('mutation');
  read();
  t.ok(await until(() => fluent.requests.mutation.requests === writes + 1));
  clock.pass(4_000);
  const check = commercetools.hold('by-id');
  write();
  t.ok(await until(() => commercetools.requests['by-id'] === reads + 2));
  clock.pass(1_000);
  const first = await answer;
  retriesLater(t, first);
  t.match(JSON.parse(first.body), { reason: 'deadline' });
  check();
  t.ok(await until(() => outcomes(service).some(({ late }) => late)), 'the work goes on');
  t.match(outcomes(service).at(-1), { outcome: 'done', late: true });
  const { created, updated } = fluent.writes;
  const second = await sendPush(service.push, payload, { deliveryAttempt: 2 });
  t.equal(second.status, 204);
  t.match(outcomes(service).at(-1), { attempt: 2, outcome: 'done', reason: /already-done|unchanged/ });
  t.match(fluent.writes, { created, updated });
  t.ok(fluent.customers.has(customer.id));
});

t.test('503 immediately: accepts only as many events as the queue holds', async (t) => {
  clearFaults(t);
  const service = await connect(t, upstreams, { QUEUE_LIMIT: '1' });
  const [held, refused] = [await newCustomer(), await newCustomer()];
  const release = fluent.faults.hold('query');
  const before = fluent.requests.query.requests;
  const first = sendPush(service.push, held.payload);
  t.ok(await until(() => fluent.requests.query.requests > before));
  const second = await sendPush(service.push, refused.payload);
  retriesLater(t, second);
  t.match(JSON.parse(second.body), { reason: 'queue-full' });
  release();
  t.equal((await first).status, 204);
  t.equal((await sendPush(service.push, refused.payload)).status, 204, 'and later it does');
});

t.test(
  '503 immediately: a full queue refuses a push before its body is read, and logs the number',
  async (t) => {
    const service = await withActs(t, { QUEUE_LIMIT: '1' });
    const clock = stopClock(t);
    const held = sendPush(service.push, about('forget'));
    const refused = async () => {
      const body = 'neither JSON nor a notification';
      const answer = await fetch(service.push, { method: 'POST', body });
      return {
        status: answer.status,
        retryAfter: answer.headers.get('retry-after'),
        body: await answer.json(),
      };
    };
    t.ok(await until(async () => (await refused()).status === 503));
    for (let sent = 0; sent < 20; sent += 1)
      t.match(await refused(), { status: 503, retryAfter: /^[1-9]/, body: { reason: 'queue-full' } });
    const counts = () =>
      service.lines.flatMap(({ refused }) => (typeof refused === 'number' ? [refused] : []));
    const sum = () => counts().reduce((total, count) => total + count, 0);
    clock.pass(1_000);
    t.equal(sum(), 21, 'every refusal is counted');
    t.ok(counts().length < 21, 'but not each in a line of its own');
    clock.pass(ANSWER_MILLISECONDS);
    t.equal((await held).status, 503);
  },
);

t.test('503 at the deadline for events that were never started, logged once', async (t) => {
  const service = await withActs(t);
  const clock = stopClock(t);
  const pushes = ['first', 'first'].map((id) => sendPush(service.push, about('forget', id)));
  t.ok(await until(() => service.pendingEvents() === 2));
  clock.pass(ANSWER_MILLISECONDS);
  for (const response of await Promise.all(pushes)) retriesLater(t, response);
  clock.pass(ANSWER_MILLISECONDS);
  t.ok(await until(() => outcomes(service).some(({ late }) => late)));
  const reasons = outcomes(service).map(({ reason }) => reason);
  t.same(reasons.toSorted(), ['deadline', 'out-of-time', 'out-of-time']);
  t.equal(outcomes(service).filter(({ late }) => late).length, 1, 'only the started event is logged again');
});

t.test('503 immediately: accepts nothing during the shutdown', async (t) => {
  const service = await connect(t, upstreams);
  await service.drain();
  const { payload } = await newCustomer();
  const response = await sendPush(service.push, payload);
  retriesLater(t, response);
  t.match(JSON.parse(response.body), { reason: 'draining' });
});

t.test('with PUSH_AUTH=oidc', async (t) => {
  const google = await startCertificates();
  t.teardown(() => google.close());
  const audience = 'https://connector.example.com/push';
  const email = 'push@example.iam.gserviceaccount.com';
  const seconds = Math.floor(Date.now() / 1000);
  const claims = {
    iss: 'https://accounts.google.com',
    aud: audience,
    email,
    email_verified: true,
    iat: seconds - 10,
    exp: seconds + 3_600,
  };
  const env = {
    PUSH_AUTH: 'oidc',
    PUSH_AUDIENCE: audience,
    PUSH_SERVICE_ACCOUNT: email,
    PUSH_CERTS_URL: google.url,
  };
  const service = await connect(t, upstreams, env);
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const { payload } = await newCustomer();

  const cases: { name: string; headers: Record<string, string>; status: number; reason?: string }[] = [
    { name: 'serves the subscription', headers: bearer(google.sign(claims)), status: 204 },
    { name: '401 without credentials', headers: {}, status: 401, reason: 'no-credentials' },
    {
      name: '401 with a bad signature',
      headers: bearer(`${google.sign(claims).slice(0, -8)}AAAAAAAA`),
      status: 401,
      reason: 'unverified-token',
    },
    {
      name: '401 with an expired token',
      headers: bearer(google.sign({ ...claims, exp: seconds - 600, iat: seconds - 4_000 })),
      status: 401,
      reason: 'expired-token',
    },
    {
      name: '403 with a token for another audience',
      headers: bearer(google.sign({ ...claims, aud: 'https://elsewhere.example.com' })),
      status: 403,
      reason: 'wrong-audience',
    },
    {
      name: '403 with a token of another service account',
      headers: bearer(google.sign({ ...claims, email: 'else@example.iam.gserviceaccount.com' })),
      status: 403,
      reason: 'wrong-service-account',
    },
    {
      name: '403 with an e-mail address that is not verified',
      headers: bearer(google.sign({ ...claims, email_verified: false })),
      status: 403,
      reason: 'wrong-service-account',
    },
  ];
  for (const { name, headers, status, reason } of cases) {
    await t.test(name, async (t) => {
      const response = await sendPush(service.push, payload, { headers });
      t.equal(response.status, status);
      if (reason === undefined) return;
      t.match(JSON.parse(response.body), { reason, detail: /\w/ });
      t.match(service.lines.at(-1), { reason, status, severity: 'WARNING' });
      t.equal(response.headers.get('www-authenticate'), status === 401 ? 'Bearer' : null);
    });
  }

  await t.test('503 with Retry-After while the certificates cannot be fetched', async (t) => {
    google.fault = 'error';
    const without = await connect(t, upstreams, env);
    const response = await sendPush(without.push, payload, { headers: bearer(google.sign(claims)) });
    retriesLater(t, response);
    t.match(JSON.parse(response.body), { reason: 'certificates-unavailable' });
  });

  await t.test('401 before the body has been sent', async (t) => {
    const { port, hostname } = new URL(service.url);
    const socket = connectSocket(Number(port), hostname);
    t.teardown(() => socket.destroy());
    socket.write(
      'POST /push HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{',
    );
    const [answer] = await once(socket, 'data');
    t.match(String(answer), /^HTTP\/1\.1 401 /);
  });
});

t.test('with PUSH_AUTH=token, accepts any of the tokens, as a bearer token or in the query', async (t) => {
  const PUSH_TOKEN = 'the-old-token-0123456789,the-new-token-0123456789';
  const service = await connect(t, upstreams, { PUSH_AUTH: 'token', PUSH_TOKEN });
  const { payload } = await newCustomer();
  const authorization = 'Bearer the-old-token-0123456789';
  t.equal((await sendPush(service.push, payload, { headers: { authorization } })).status, 204);
  t.equal((await sendPush(`${service.push}?token=the-new-token-0123456789`, payload)).status, 204);
  t.equal((await sendPush(`${service.push}?token=another-token-0123456789`, payload)).status, 401);
  t.equal((await sendPush(service.push, payload)).status, 401);
  t.notMatch(JSON.stringify(service.lines), /token-0123456789/);
});

t.test('logs an outcome in the fields of Cloud Logging, with the trace of the request', async (t) => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const service = await connect(t, upstreams, { GOOGLE_CLOUD_PROJECT: 'my-project' });
  const { customer, payload } = await newCustomer();
  const given: Record<string, string>[] = [
    { traceparent: `00-${trace}-00f067aa0ba902b7-01` },
    { 'x-cloud-trace-context': `${trace}/1;o=1` },
  ];
  for (const headers of given) {
    await sendPush(service.push, payload, { headers, messageId: '77', deliveryAttempt: 3 });
    t.match(outcomes(service).at(-1), {
      severity: 'INFO',
      time: /^\d{4}-\d\d-\d\dT/,
      message: /customer\/.*: done/,
      'logging.googleapis.com/trace': `projects/my-project/traces/${trace}`,
      event: `customer/${customer.id}@${customer.version}`,
      kind: 'ResourceCreated',
      resource: `customer/${customer.id}`,
      route: 'commercetools.connect.customer.upsert',
      outcome: 'done',
      milliseconds: Number,
      attempt: 3,
      messageId: '77',
    });
  }
  t.equal(outcomes(service).length, 2);
  t.notMatch(JSON.stringify(service.lines), new RegExp(customer.email));

  await t.test('of a refused push too', async (t) => {
    const closed = await connect(t, upstreams, {
      GOOGLE_CLOUD_PROJECT: 'my-project',
      PUSH_AUTH: 'token',
      PUSH_TOKEN: 'a-token-0123456789',
    });
    await sendPush(closed.push, payload, { headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01` } });
    t.match(closed.lines.at(-1), {
      status: 401,
      'logging.googleapis.com/trace': `projects/my-project/traces/${trace}`,
    });
  });
});

t.test('coalesces events that wait for the same customer into one run', async (t) => {
  clearFaults(t);
  const service = await connect(t, upstreams);
  const { customer, payload } = await newCustomer();
  const release = fluent.faults.hold('query');
  const { requests } = fluent.requests.mutation;
  const pushes = Array.from({ length: 20 }, () => sendPush(service.push, payload));
  t.ok(await until(() => service.pendingEvents() === 20));
  release();
  t.same(new Set((await Promise.all(pushes)).map(({ status }) => status)), new Set([204]));
  t.equal(fluent.requests.mutation.requests, requests + 1);
  t.ok(fluent.customers.has(customer.id));
  t.equal(outcomes(service).length, 20);
});

t.test('accepts the payload without the wrapper, for any content type', async (t) => {
  const service = await connect(t, upstreams);
  const types = [
    'application/x-www-form-urlencoded',
    'text/plain',
    'application/octet-stream',
    'nonsense',
    '',
  ];
  for (const type of types) {
    const { customer, payload } = await newCustomer();
    const headers = { 'x-goog-pubsub-message-id': '1', 'content-type': type };
    const response = await fetch(service.push, {
      method: 'POST',
      headers,
      body: Buffer.from(JSON.stringify(payload)),
    });
    t.equal(response.status, 204, `content type ${type}: ${await response.text()}`);
    t.ok(fluent.customers.has(customer.id));
  }
  const { payload } = await newCustomer();
  const bare = await fetch(service.push, { method: 'POST', body: new Blob([wrap(payload)]) });
  t.equal(bare.status, 204, 'no content type');
});
