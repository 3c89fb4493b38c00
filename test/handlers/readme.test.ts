import t, { type Test } from 'tap';
import { runReconcile } from '../../src/cli/reconcile/run.ts';
import { loadConfiguration } from '../../src/configuration/load.ts';
import { startCommercetools } from '../sandbox/commercetools.ts';
import { startFluent } from '../sandbox/fluent.ts';
import { sendPush } from '../sandbox/push.ts';
import { environmentFor, startService } from '../sandbox/service.ts';
import { orderNoteProject, orderPlaced, readmeProject } from './readme-project.ts';

async function withOrderNote(t: Test) {
  const commercetools = await startCommercetools();
  const fluent = await startFluent();
  t.teardown(() => Promise.all([commercetools.close(), fluent.close()]));
  const env = { ...environmentFor(commercetools, fluent), ...(await orderNoteProject(t.testdir())) };
  const service = await startService(env);
  t.teardown(() => service.close());
  return { commercetools, fluent, service };
}

t.test('the new handler of the README', async (t) => {
  const { commercetools, fluent, service } = await withOrderNote(t);
  const customer = await commercetools.createCustomer({ email: 'ada@example.com' });

  await t.test('retries an order that comes before its customer is in Fluent', async (t) => {
    const order = await commercetools.createOrder({ customerId: customer.id });
    const { status, body } = await sendPush(service.push, orderPlaced(commercetools, order));
    t.equal(status, 503);
    t.match(JSON.parse(body), { reason: 'customer-not-in-fluent', detail: /\w/ });
  });

  await t.test('notes the last order on the Fluent customer', async (t) => {
    fluent.seed({ username: customer.id, primaryEmail: 'ada@example.com' });
    const order = await commercetools.createOrder({ customerId: customer.id });
    const answer = await sendPush(service.push, orderPlaced(commercetools, order));
    t.equal(answer.status, 204, answer.body);
    t.match(fluent.customers.get(customer.id)?.attributes, [
      { name: 'lastOrderAt', type: 'STRING', value: order.createdAt },
    ]);
  });

  await t.test('ignores an order that was deleted before its event came', async (t) => {
    const order = await commercetools.createOrder({ customerId: customer.id });
    await commercetools.deleteOrder(order);
    const { status, body } = await sendPush(service.push, orderPlaced(commercetools, order));
    t.equal(status, 204, body);
    t.match(service.lines.at(-1), { outcome: 'ignored', reason: 'order-gone' });
  });

  await t.test("ignores a guest's order", async (t) => {
    const order = await commercetools.createOrder();
    const { status, body } = await sendPush(service.push, orderPlaced(commercetools, order));
    t.equal(status, 204, body);
    t.match(service.lines.at(-1), { outcome: 'ignored', reason: 'guest-order' });
  });
});

t.test('the replacement in the README ignores test customers, and extends the shipped handler', async (t) => {
  const commercetools = await startCommercetools();
  const fluent = await startFluent();
  t.teardown(() => Promise.all([commercetools.close(), fluent.close()]));
  const HANDLERS_DIR = await readmeProject(t.testdir(), 'handlers/custom/customer-upsert.ts');
  const env = { ...environmentFor(commercetools, fluent), HANDLERS_DIR };
  const service = await startService(env);
  t.teardown(() => service.close());

  for (const email of ['ada@example.com', 'ada@shop.example.org']) {
    const customer = await commercetools.createCustomer({ email });
    const answer = await sendPush(service.push, {
      notificationType: 'ResourceCreated',
      projectKey: commercetools.projectKey,
      resource: { typeId: 'customer', id: customer.id },
      version: customer.version,
    });
    t.equal(answer.status, 204, answer.body);
    t.equal(fluent.customers.has(customer.id), email.endsWith('.org'), email);
  }
  for (const email of ['gone@example.com', 'gone@shop.example.org']) {
    const customer = await commercetools.createCustomer({ email });
    await commercetools.deleteCustomer(customer.id);
    const answer = await sendPush(service.push, {
      notificationType: 'ResourceUpdated',
      projectKey: commercetools.projectKey,
      resource: { typeId: 'customer', id: customer.id },
      version: customer.version,
    });
    t.equal(answer.status, 204, answer.body);
    t.match(service.lines.at(-1), { outcome: 'ignored', reason: 'customer-gone' });
  }
  const output: string[] = [];
  const io = {
    env: {},
    stdin: process.stdin,
    out: (text: string) => void output.push(text),
    err: () => {},
    terminal: false,
    signal: new AbortController().signal,
    configuration: () => loadConfiguration(env),
  };
  for (const fix of [false, true])
    t.equal(await runReconcile({ fix, json: true }, io), 0, 'what it leaves out is no difference');
  t.match(
    output.map((line) => JSON.parse(line)),
    [{ summary: { equal: 2 } }, { summary: { equal: 2 } }],
  );
  const connector = await (await fetch(`${service.url}/connector`)).text();
  t.match(
    connector,
    `"source":"${HANDLERS_DIR}/custom/customer-upsert.ts","replaces":"handlers/customer-upsert"`,
  );
});
