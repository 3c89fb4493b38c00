import t from 'tap';
import customerUpsert from '../../../handlers/customer-upsert/index.ts';
import { Props } from '../../../handlers/customer-upsert/props.ts';
import type { Preview } from '../../../src/handler.ts';
import { createLog } from '../../../src/observe/log.ts';
import { changed, startSandbox } from './instance.ts';

t.test('a preview returns what the handler then does, and writes nothing', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const { handle, account } = await instance({ onDelete: 'anonymise' });
  const previewing = await customerUpsert.createPreview?.(Props.parse({ onDelete: 'anonymise' }), {
    duplicateMemorySeconds: 0,
  });
  const context = { ...account, log: createLog('silent'), signal: new AbortController().signal };
  const customer = await commercetools.createCustomer({ email: 'amba@example.com', title: 'x'.repeat(60) });

  async function preview(deletion = false): Promise<Partial<Preview>> {
    const written = fluent.writes.created + fluent.writes.updated;
    const current = commercetools.customer(customer.id) ?? customer;
    const seen = await previewing?.preview(changed(current, { deletion }), context);
    t.equal(fluent.writes.created + fluent.writes.updated, written, 'nothing was written');
    return seen ?? {};
  }

  t.match(await preview(), {
    action: 'create',
    username: customer.id,
    found: false,
    version: 1,
    cut: ['title'],
    input: { username: customer.id, primaryEmail: 'amba@example.com', retailer: { id: '7' } },
  });
  await handle(changed(customer));
  t.match(await preview(), { action: 'none', found: true, differing: [] });

  const renamed = await commercetools.updateCustomer(customer.id, { lastName: 'Ambrook' });
  t.match(await preview(), {
    action: 'update',
    differing: ['lastName', 'attributes.commercetoolsVersion'],
    input: { lastName: 'Ambrook' },
  });
  await handle(changed(renamed));

  const unusable = await commercetools.updateCustomer(customer.id, { email: 'x'.repeat(260) });
  t.match(await preview(), { action: 'update', unusable: ['primaryEmail'] });
  fluent.customers.delete(customer.id);
  t.match(await preview(), { action: 'rejected', reason: 'no-email' });
  fluent.seed({ username: customer.id, lastName: 'Ambrook', primaryEmail: 'amba@example.com' });
  await commercetools.deleteCustomer(customer.id);
  t.match(await preview(true), { action: 'gone', reason: 'never-in-fluent' }, 'somebody else made it');
  fluent.seed({
    username: customer.id,
    attributes: [{ name: 'commercetoolsId', type: 'STRING', value: customer.id }],
  });

  t.match(await preview(true), {
    action: 'gone',
    found: true,
    reason: 'anonymised',
    input: { lastName: '' },
  });
  const other = await instance({ onDelete: 'anonymise' });
  await other.handle(changed(unusable, { deletion: true }));
  t.match(await preview(true), { action: 'gone', reason: 'unchanged' });
});
