import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { previewCustomer, sampleCustomer, sampleEvent, sampleFluentCustomer } from '../../src/testing.ts';

const shipped = join(import.meta.dirname, '../../config/connector.yml');

t.test('returns what would be done, without a server', async (t) => {
  const customer = sampleCustomer({ email: 'new@example.com' });
  t.match(await previewCustomer({ customer, connectorConfig: shipped }), {
    action: 'create',
    input: { username: customer.id, primaryEmail: 'new@example.com', country: 'NL' },
  });
  const inFluent = sampleFluentCustomer();
  const update = await previewCustomer({ customer, inFluent, connectorConfig: shipped });
  t.match(update, { action: 'update', found: true, input: { primaryEmail: 'new@example.com' } });
  t.ok(update.differing.includes('primaryEmail'));
  t.notOk(update.differing.includes('firstName'));
});

t.test('uses the mapping of the file', async (t) => {
  const text = await readFile(shipped, 'utf8');
  const folder = t.testdir({
    'connector.yml': text.replace('firstName: firstName', 'firstName: $uppercase(firstName)'),
  });
  const preview = await previewCustomer({
    customer: sampleCustomer(),
    connectorConfig: join(folder, 'connector.yml'),
  });
  t.match(preview.input, { firstName: 'ADA' });
});

t.test('throws with the reason if there is nothing to preview', async (t) => {
  const text = await readFile(shipped, 'utf8');
  const folder = t.testdir({ 'connector.yml': text.replace('name: "customer"', 'name: "order"') });
  const situation = { customer: sampleCustomer(), connectorConfig: join(folder, 'connector.yml') };
  await t.rejects(
    previewCustomer(situation),
    /Expected a route that takes ResourceUpdated of customers.*found none/,
  );
});

t.test('a sample event is about a customer, or what a test sets', (t) => {
  t.match(sampleEvent(), {
    kind: 'ResourceUpdated',
    resource: { typeId: 'customer' },
    version: 1,
    deletion: false,
  });
  t.match(sampleEvent({ typeId: 'order', id: 'o-1', kind: 'ResourceDeleted', version: 3 }), {
    identity: 'order/o-1@3',
    resource: { typeId: 'order', id: 'o-1' },
    deletion: true,
  });
  t.end();
});
