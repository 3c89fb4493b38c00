import { join } from 'node:path';
import t from 'tap';
import { notificationOf, startTestKit } from '../../src/testing.ts';

const connectorConfig = join(import.meta.dirname, '../../config/connector.yml');

t.test('a kit sends through the real engine, and returns the customer in Fluent', async (t) => {
  const kit = await startTestKit({ connectorConfig });
  t.teardown(() => kit.close());
  const customer = await kit.commercetools.createCustomer({ email: 'ada@example.com', firstName: 'Ada' });
  t.match(await kit.send(), { kind: 'done', reason: 'created' });
  t.match(kit.inFluent(customer.id), { firstName: 'Ada', attributes: { commercetoolsVersion: 1 } });
  t.match(await kit.send(), { kind: 'done', reason: 'unchanged' }, 'again, and nothing is remembered');
  t.equal(kit.inFluent('nobody'), undefined);

  const order = await kit.commercetools.createOrder();
  t.strictSame(await kit.send(), { kind: 'ignored', reason: 'no-route' });
  t.strictSame(await kit.send(notificationOf({ ...order, typeId: 'subscription' }, 'ResourceCreated')), {
    kind: 'ignored',
    reason: 'subscription-test',
  });
  t.match(await kit.send({ notificationType: 1 }), { kind: 'rejected', reason: 'undecodable' });

  const off = kit.fluent.faults.on({ kind: 'status', status: 503, only: 'mutation' });
  await kit.commercetools.updateCustomer(customer.id, [{ action: 'setFirstName', firstName: 'Augusta' }]);
  t.match(await kit.send(), { kind: 'failed' });
  off();
});

t.test('a kit without a notification to send fails with an error', async (t) => {
  const kit = await startTestKit({ connectorConfig });
  t.teardown(() => kit.close());
  await t.rejects(kit.send(), /Expected a notification to send, found none published yet/);
});

t.test('refuses a connector file with a real system', async (t) => {
  const env = { CTP_API_URL: 'https://api.example.com' };
  await t.rejects(
    startTestKit({ connectorConfig, env }),
    /leads to https:\/\/api\.example\.com, which is no stand-in/,
  );
});

t.test('faults of the configuration are in the error message', async (t) => {
  const env = { FLUENT_RETAILER_ID: '' };
  await t.rejects(
    startTestKit({ connectorConfig, env }),
    /The configuration has 1 fault[\s\S]*FLUENT_RETAILER_ID/,
  );
});
