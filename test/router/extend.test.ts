import t, { type Test } from 'tap';
import { ConfigurationError } from '../../src/configuration-error.ts';
import { changeOf, connect, startUpstreams, type Upstreams } from '../sandbox/connected.ts';
import { sendPush } from '../sandbox/push.ts';

const CONTRACT = new URL('../../src/handler.ts', import.meta.url).href;
const SHIPPED = new URL('../../handlers/customer-upsert/index.ts', import.meta.url).href;

/** A handler in TypeScript that rejects everything with this reason. */
const handler = (reason: string) => `
  import { z } from 'zod';
  import { defineHandler, type Handle } from '${CONTRACT}';
  const handle: Handle = async () => ({ kind: 'done', reason: '${reason}' });
  export default defineHandler({
    description: 'Ends everything with ${reason}.',
    props: z.looseObject({}),
    readsCurrentState: true,
    create: () => handle,
  });
`;

const CONNECTOR = (routes: string) => `
accounts:
  - commercetools: { projectKey: '\${CTP_PROJECT_KEY}', clientId: '\${CTP_CLIENT_ID}', clientSecret: '\${CTP_CLIENT_SECRET}', authUrl: '\${CTP_AUTH_URL}', apiUrl: '\${CTP_API_URL}' }
    fluent: { apiUrl: '\${FLUENT_API_URL}', clientId: '\${FLUENT_CLIENT_ID}', clientSecret: '\${FLUENT_CLIENT_SECRET}', username: '\${FLUENT_USERNAME}', password: '\${FLUENT_PASSWORD}', retailerId: '1' }
routes:
${routes}`;

const ORDERS = `
  - route: "commercetools.connect.order.count"
    props: { name: "order" }
`;
const CUSTOMERS = `
  - route: "commercetools.connect.customer.upsert"
    props: { name: "customer" }
`;

type Files = NonNullable<Parameters<Test['testdir']>[0]>;

function start(t: Test, upstreams: Upstreams, routes: string, handlers: Files) {
  const folder = t.testdir({ 'connector.yml': CONNECTOR(routes), handlers });
  const env = { CONNECTOR_CONFIG: `${folder}/connector.yml` };
  return connect(t, upstreams, env, { handlersFolder: `${folder}/handlers` });
}

t.test('serves a route with an added file', async (t) => {
  const upstreams = await startUpstreams(t);
  const service = await start(t, upstreams, ORDERS, { 'order-count.ts': handler('counted') });
  const event = { ...changeOf({ id: 'o1', version: 1 }), resource: { typeId: 'order', id: 'o1' } };
  t.equal((await sendPush(service.push, event)).status, 204);
  t.match(service.lines.at(-1), { outcome: 'done', reason: 'counted' });
});

t.test('serves a route with an added folder, beside the shipped handler', async (t) => {
  const upstreams = await startUpstreams(t);
  const service = await start(t, upstreams, ORDERS + CUSTOMERS, {
    'customer-upsert.ts': `export { default } from '${SHIPPED}';`,
    custom: { 'order-count': { 'index.ts': handler('counted') } },
  });
  const event = { ...changeOf({ id: 'o1', version: 1 }), resource: { typeId: 'order', id: 'o1' } };
  t.equal((await sendPush(service.push, event)).status, 204);
  t.match(service.lines.at(-1), { outcome: 'done', reason: 'counted' });
  const customer = await upstreams.commercetools.createCustomer({
    email: 'extend@example.com',
    password: 'secret',
  });
  t.equal((await sendPush(service.push, changeOf(customer))).status, 204);
  t.ok(upstreams.fluent.customers.has(customer.id));
  t.notMatch(service.lines, [{ message: /replaced/ }]);
});

t.test(
  'retries a resource that a handler reads and that does not exist, with the reason not-found',
  async (t) => {
    const upstreams = await startUpstreams(t);
    const service = await start(t, upstreams, ORDERS, {
      'order-count.ts': `
      import { z } from 'zod';
      import { defineHandler } from '${CONTRACT}';
      export default defineHandler({
        description: 'Reads the order.',
        props: z.looseObject({}),
        readsCurrentState: true,
        create: () => async ({ resource }, { commercetools }) => {
          await commercetools.api.orders().withId({ ID: String(resource?.id) }).get().execute();
          return { kind: 'done', reason: 'read' };
        },
      });
    `,
    });
    const event = { ...changeOf({ id: 'o1', version: 1 }), resource: { typeId: 'order', id: 'o1' } };
    const { status, body } = await sendPush(service.push, event);
    t.equal(status, 503);
    t.match(JSON.parse(body), { reason: 'not-found', detail: /catch NotFound/ });
  },
);

t.test('replaces a shipped handler by one in custom/, and logs it', async (t) => {
  const upstreams = await startUpstreams(t);
  const service = await start(t, upstreams, CUSTOMERS, {
    'customer-upsert.ts': `export { default } from '${SHIPPED}';`,
    custom: { 'customer-upsert.ts': handler('mine') },
  });
  t.match(
    service.lines.find(({ message }) => String(message).includes('replaced')),
    {
      handler: 'customer-upsert',
      source: 'handlers/custom/customer-upsert.ts',
      replaces: 'handlers/customer-upsert.ts',
    },
  );
  const shown = await (await fetch(`${service.url}/connector`)).text();
  t.match(JSON.parse(shown).handlers, [
    {
      name: 'customer-upsert',
      source: 'handlers/custom/customer-upsert.ts',
      replaces: 'handlers/customer-upsert.ts',
    },
  ]);
  t.equal((await sendPush(service.push, changeOf({ id: 'c1', version: 1 }))).status, 204);
  t.match(service.lines.at(-1), { outcome: 'done', reason: 'mine' });
  t.equal(upstreams.fluent.requests.query.requests, 0);
});

t.test('does not start with handlers that cannot work, and reports every reason together', async (t) => {
  const upstreams = await startUpstreams(t);
  const starting = start(t, upstreams, ORDERS, {
    'broken.ts': 'export default {',
    'missing.ts': "import '../nowhere.ts';",
    'nothing.ts': 'export const handler = 1;',
    'half.ts': 'export default { description: "Half a handler." };',
    'throws.js': 'throw new Error("a reason");',
  });
  const error = await starting.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(error instanceof ConfigurationError)) return t.fail('Expected a ConfigurationError.');
  const faults = new Map(error.faults.map((fault) => [fault.where, fault]));
  t.match(faults.get('handlers/broken.ts'), {
    expected: 'code that can be loaded',
    found: /SyntaxError|Error/,
  });
  t.match(faults.get('handlers/missing.ts'), { expected: 'code that can be loaded', found: /nowhere\.ts/ });
  t.match(faults.get('handlers/nothing.ts'), { expected: /default export/, found: 'no default export' });
  t.match(faults.get('handlers/half.ts'), { expected: /default export/, found: 'another value' });
  t.match(faults.get('handlers/throws.js'), { found: 'Error: a reason' });
  t.equal(faults.size, 5);
});

t.test('does not start with a route that has no handler', async (t) => {
  const upstreams = await startUpstreams(t);
  const error: unknown = await start(t, upstreams, ORDERS, { 'other.ts': handler('other') }).catch(
    (error: unknown) => error,
  );
  t.match(error, {
    faults: [{ where: /connector\.yml:\d+:\d+/, expected: /order\.count.*other/, found: /order-count/ }],
  });
});
