import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { changeOf, connect, startUpstreams } from '../sandbox/connected.ts';
import { sendPush } from '../sandbox/push.ts';

t.test('the log line of an outcome contains the names of changed fields, and no values', async (t) => {
  const upstreams = await startUpstreams(t);
  const { commercetools } = upstreams;
  const service = await connect(t, upstreams);
  const customer = await commercetools.createCustomer({
    email: 'ada@example.com',
    password: 'secret',
    firstName: 'Amba',
    companyName: 'Birkvale',
  });
  const changedBy = async (sent: { id: string; version: number }) => {
    t.equal((await sendPush(service.push, changeOf(sent))).status, 204);
    return service.lines.findLast(({ outcome }) => outcome === 'done');
  };
  const created = await changedBy(customer);
  t.match(created, { reason: 'created' });
  t.same(created?.['changed'], ['firstName', 'primaryEmail', 'promotionOptIn', 'attributes.companyName']);

  const renamed = await commercetools.updateCustomer(customer.id, {
    firstName: 'Corva',
    companyName: 'Dorrow',
  });
  t.match(await changedBy(renamed), { reason: 'updated', changed: ['firstName', 'attributes.companyName'] });

  const same = await commercetools.updateCustomer(customer.id, { middleName: 'Elmo' });
  const unmapped = await changedBy(same);
  t.match(unmapped, { reason: 'updated' }, 'the version alone');
  t.notOk(unmapped && 'changed' in unmapped);
  t.notMatch(JSON.stringify(service.lines), /Amba|Corva|Birkvale|Dorrow|ada@/);
});

t.test('the fields of an anonymised customer are logged, too', async (t) => {
  const upstreams = await startUpstreams(t);
  const { commercetools, fluent } = upstreams;
  const folder = t.testdir({});
  const text = await readFile(join(import.meta.dirname, '../../config/connector.yml'), 'utf8');
  const file = join(folder, 'connector.yml');
  await writeFile(
    file,
    text
      .replace('onDelete: ignore', 'onDelete: anonymise')
      .replace('- "ResourceCreated"', '- "ResourceDeleted"'),
  );
  const service = await connect(t, upstreams, { CONNECTOR_CONFIG: file });
  const customer = await commercetools.createCustomer({
    email: 'ada@example.com',
    password: 'secret',
    firstName: 'Amba',
  });
  t.equal((await sendPush(service.push, changeOf(customer))).status, 204);
  await commercetools.deleteCustomer(customer.id);
  t.equal((await sendPush(service.push, changeOf(customer, 'ResourceDeleted'))).status, 204);
  const line = service.lines.findLast(({ outcome }) => outcome === 'done');
  t.match(line, { reason: 'anonymised' });
  t.match(JSON.stringify(line?.['changed']), /"firstName"/);
  t.equal(fluent.customers.get(customer.id)?.firstName, '');
});
