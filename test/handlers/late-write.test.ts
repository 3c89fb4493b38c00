import { once } from 'node:events';
import { request } from 'node:http';
import t, { type Test } from 'tap';
import { stopClock } from '../sandbox/clock.ts';
import { ANSWER_MILLISECONDS, connect, startUpstreams } from '../sandbox/connected.ts';
import { startGate } from '../sandbox/gate.ts';
import { sendPush, wrap } from '../sandbox/push.ts';
import { until } from '../sandbox/until.ts';
import { orderNoteProject, orderPlaced } from './readme-project.ts';

const CONTRACT = new URL('../../src/handler.ts', import.meta.url).href;

/** A slow handler that ignores its signal, and then does what its props select. */
const handler = (elsewhere: string) => `
  import { z } from 'zod';
  import { defineHandler } from '${CONTRACT}';
  const attributes = [{ name: 'a', type: 'STRING', value: 'b' }];
  const ACTS = {
    create: ({ fluent }) => fluent.createCustomer({ username: 'late', primaryEmail: 'late@example.com', promotionOptIn: false, retailer: { id: '1' } }),
    update: ({ fluent }) => fluent.updateCustomer({ username: 'known', attributes }),
    'no-options': ({ fluent }) => fluent.updateCustomer({ username: 'known', attributes }, {}),
    request: ({ fluent }) => fluent.request('mutation { updateCustomer(input: { username: "known", firstName: "Late" }) { username } }'),
    post: ({ commercetools }) => commercetools.api.customers().post({ body: { email: 'late@example.com', password: 'secret' } }).execute(),
    'post-to-project': ({ projects }) => [...projects.values()][0].commercetools.api.customers().post({ body: { email: 'later@example.com', password: 'secret' } }).execute(),
    read: ({ commercetools }) => commercetools.api.customers().get().execute(),
    'own-signal': ({ fluent }) => fluent.updateCustomer({ username: 'known', attributes }, { signal: new AbortController().signal }),
    'no-signal': ({ fluent }) => fluent.updateCustomer({ username: 'known', attributes }, { signal: undefined }),
    'own-request': ({ fluent }) => fluent.request('mutation { updateCustomer(input: { username: "known", firstName: "Late" }) { username } }', {}, { signal: new AbortController().signal }),
  };
  export default defineHandler({
    description: 'Acts as its props say.',
    props: z.object({ act: z.enum(Object.keys(ACTS)) }),
    readsCurrentState: false,
    create: ({ act }) => async (event, context) => {
      await fetch('${elsewhere}/slow');
      const ended = await ACTS[act](context).then(() => 'done', (error) => error.reason ?? error.name);
      await fetch('${elsewhere}/ended/' + event.resource.id + '/' + ended);
      return { kind: 'done', reason: 'acted' };
    },
  });
`;

const CONNECTOR = (acts: readonly string[]) => `
accounts:
  - commercetools: { projectKey: '\${CTP_PROJECT_KEY}', clientId: '\${CTP_CLIENT_ID}', clientSecret: '\${CTP_CLIENT_SECRET}', authUrl: '\${CTP_AUTH_URL}', apiUrl: '\${CTP_API_URL}' }
    fluent: { apiUrl: '\${FLUENT_API_URL}', clientId: '\${FLUENT_CLIENT_ID}', clientSecret: '\${FLUENT_CLIENT_SECRET}', username: '\${FLUENT_USERNAME}', password: '\${FLUENT_PASSWORD}', retailerId: '1' }
routes:
${acts.map((act) => `  - { route: test.${act}, handler: act, props: { name: ${act}, act: ${act} } }`).join('\n')}
`;

/** Returns the requests that reach an upstream after the push was answered 503, by the action of the handler. */
const CASES: { act: string; reason: string; mutations: number; writes: number }[] = [
  { act: 'create', reason: 'out-of-time', mutations: 0, writes: 0 },
  { act: 'update', reason: 'out-of-time', mutations: 0, writes: 0 },
  { act: 'no-options', reason: 'out-of-time', mutations: 0, writes: 0 },
  { act: 'request', reason: 'out-of-time', mutations: 0, writes: 0 },
  { act: 'post', reason: 'out-of-time', mutations: 0, writes: 0 },
  { act: 'post-to-project', reason: 'out-of-time', mutations: 0, writes: 0 },
  { act: 'read', reason: 'done', mutations: 0, writes: 0 },
  { act: 'own-signal', reason: 'done', mutations: 1, writes: 0 },
  { act: 'no-signal', reason: 'done', mutations: 1, writes: 0 },
  { act: 'own-request', reason: 'done', mutations: 1, writes: 0 },
];

async function startActs(t: Test, env: Record<string, string> = {}) {
  const upstreams = await startUpstreams(t);
  const elsewhere = await startGate(t);
  const folder = t.testdir({
    'connector.yml': CONNECTOR(CASES.map(({ act }) => act)),
    handlers: { 'act.js': handler(elsewhere.url) },
  });
  const service = await connect(
    t,
    upstreams,
    { CONNECTOR_CONFIG: `${folder}/connector.yml`, ...env },
    { handlersFolder: `${folder}/handlers` },
  );
  upstreams.fluent.seed({ username: 'known', primaryEmail: 'known@example.com' });
  return { ...upstreams, elsewhere, service };
}

async function proveNothingIsLate(t: Test, env: Record<string, string> = {}) {
  const { commercetools, fluent, elsewhere, service } = await startActs(t, env);
  for (const { act, reason, mutations, writes } of CASES)
    await t.test(act, async (t) => {
      const before = { mutations: fluent.requests.mutation.requests, writes: commercetools.requests.write };
      elsewhere.close(/slow/);
      const clock = stopClock(t);
      const { held } = elsewhere;
      const resource = { typeId: act, id: act };
      const pushed = sendPush(service.push, {
        notificationType: 'ResourceCreated',
        resource,
        version: 1,
      });
      t.ok(await until(() => elsewhere.held > held), 'the handler has started');
      clock.pass(ANSWER_MILLISECONDS);
      const answer = await pushed;
      t.equal(answer.status, 503);
      t.match(JSON.parse(answer.body), { reason: 'deadline' });
      elsewhere.open();
      const ended = () => elsewhere.passed.find((request) => request.includes(`/ended/${act}/`));
      t.ok(await until(() => ended() !== undefined));
      t.equal(ended(), `GET /ended/${act}/${reason}`);
      t.equal(fluent.requests.mutation.requests - before.mutations, mutations, 'mutations');
      t.equal(commercetools.requests.write - before.writes, writes, 'writes to commercetools');
    });
}

t.test('a handler that ignores its signal starts no write after its push was answered', (t) =>
  proveNothingIsLate(t),
);

t.test('neither does a traced handler', async (t) => {
  const collector = await startGate(t);
  await proveNothingIsLate(t, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
});

t.test("neither does the new handler of the handlers' README", async (t) => {
  const upstreams = await startUpstreams(t);
  const { commercetools, fluent } = upstreams;
  const gate = await startGate(t, commercetools.url);
  const env = { ...(await orderNoteProject(t.testdir())), CTP_API_URL: gate.url };
  const service = await connect(t, upstreams, env);
  const customer = await commercetools.createCustomer({ email: 'ada@example.com' });
  fluent.seed({ username: customer.id, primaryEmail: 'ada@example.com' });

  const order = await commercetools.createOrder({ customerId: customer.id });
  gate.close(/^GET .*\/orders\//);
  const clock = stopClock(t);
  // The body comes late, so that the order is read shortly before the deadline, and the read ends after it.
  const pushed = request(service.push, { method: 'POST', headers: { expect: '100-continue' } });
  pushed.flushHeaders();
  await once(pushed, 'continue');
  clock.pass(ANSWER_MILLISECONDS - 5_000);
  pushed.end(wrap(orderPlaced(commercetools, order)));
  t.ok(await until(() => gate.held === 1), 'the order is being read');
  clock.pass(5_000);
  const [answer] = await once(pushed, 'response');
  t.equal(answer.statusCode, 503);
  answer.resume();
  gate.open();
  t.ok(
    await until(() => service.lines.some(({ late, event }) => late && event === `order/${order.id}@1`)),
    'the read was answered after the push',
  );
  t.equal(fluent.requests.mutation.requests, 0);
  t.match(service.lines.at(-1), { late: true, outcome: 'failed', reason: 'out-of-time' });
});
