import { setTimeout as wait } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { connect, startUpstreams } from '../sandbox/connected.ts';
import { startGate } from '../sandbox/gate.ts';
import { sendPush, wrap } from '../sandbox/push.ts';
import { until } from '../sandbox/until.ts';
import { importOrder, orderNoteProject, orderPlaced } from './readme-project.ts';

const CONTRACT = new URL('../../src/handler.ts', import.meta.url).href;

/** A handler that is slow, forgets its signal, and does then what its props say. */
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

/** What reaches an upstream after the push was answered 503, by what the handler does then. */
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
    { CONNECTOR_CONFIG: `${folder}/connector.yml`, ACK_DEADLINE_SECONDS: '1', ...env },
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
      const resource = { typeId: act, id: act };
      const answer = await sendPush(service.push, {
        notificationType: 'ResourceCreated',
        resource,
        version: 1,
      });
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

t.test('a handler that forgets its signal begins no write after its push was answered', (t) =>
  proveNothingIsLate(t),
);

t.test('nor does one that is traced', async (t) => {
  const collector = await startGate(t);
  await proveNothingIsLate(t, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
});

t.test("nor does the new handler of the handlers' README", async (t) => {
  const upstreams = await startUpstreams(t);
  const { commercetools, fluent } = upstreams;
  const gate = await startGate(t, commercetools.url);
  const { handlersFolder, config } = await orderNoteProject(t.testdir());
  const env = { CONNECTOR_CONFIG: config, CTP_API_URL: gate.url, ACK_DEADLINE_SECONDS: '4' };
  const service = await connect(t, upstreams, env, { handlersFolder });
  const customer = await commercetools.createCustomer({ email: 'ada@example.com' });
  fluent.seed({ username: customer.id, primaryEmail: 'ada@example.com' });

  /**
   * Sends a push whose body comes late, so that its read of the order begins shortly before its deadline, and holds that
   * read until it is answered. False where this machine was too slow, and nothing was begun for it.
   */
  async function outlive(): Promise<boolean> {
    const order = await importOrder(commercetools, customer.id);
    const body = Buffer.from(wrap(orderPlaced(commercetools, order)));
    gate.close(/^GET .*\/orders\//);
    const before = gate.held;
    const answered = fetch(service.push, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: (async function* () {
        yield body.subarray(0, 1);
        await wait(2_500);
        yield body.subarray(1);
      })(),
      duplex: 'half',
    });
    t.equal((await answered).status, 503);
    gate.open();
    if (gate.held === before) return false;
    return until(() => service.lines.some(({ late, event }) => late && event === `order/${order.id}@1`));
  }

  let begun = false;
  for (let attempt = 1; attempt <= 5 && !begun; attempt += 1) begun = await outlive();
  t.ok(begun, 'the read was answered after the push');
  t.equal(fluent.requests.mutation.requests, 0);
  t.match(service.lines.at(-1), { late: true, outcome: 'failed', reason: 'out-of-time' });
});
