import t from 'tap';
import { changed, deleted, heldBy, startSandbox } from './instance.ts';

const PERSON = {
  email: 'amba@example.com',
  title: 'Dr',
  firstName: 'Amba',
  lastName: 'Birkvale',
  key: 'k-1',
  companyName: 'Birkvale Ltd',
  vatId: 'DE1',
  addresses: [{ country: 'DE', phone: '+49 1' }],
};

t.test('a deletion blanks the personal data in Fluent, once', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  const { handle } = await instance({ onDelete: 'anonymise' });
  await handle(changed(customer));
  fluent.seed({ username: customer.id, attributes: [{ name: 'tier', type: 'STRING', value: 'gold' }] });
  await commercetools.deleteCustomer(customer.id);
  t.match(await handle(deleted(customer)), { kind: 'done', reason: 'anonymised' });
  const held = heldBy(fluent, customer.id);
  t.match(held, {
    username: customer.id,
    title: '',
    firstName: '',
    lastName: '',
    primaryPhone: '',
    primaryEmail: `deleted-${customer.id}@anonymised.invalid`,
  });
  t.strictSame(held?.attributes, {
    key: '',
    companyName: '',
    vatId: '',
    tier: 'gold',
    commercetoolsId: customer.id,
    commercetoolsProject: 'sandbox-project',
    commercetoolsVersion: customer.version,
  });
  const { updated } = fluent.writes;
  t.strictSame(await handle(deleted(customer)), { kind: 'done', reason: 'unchanged' }, 'the second time');
  t.strictSame(await handle(changed(customer)), { kind: 'done', reason: 'unchanged' }, 'a late update');
  t.equal(fluent.writes.updated, updated);
});

t.test('a late update of a deleted customer anonymises it if the deletion did not', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  const { handle } = await instance({ onDelete: 'anonymise' });
  await handle(changed(customer));
  const next = await commercetools.updateCustomer(customer.id, { firstName: 'Corva' });
  await commercetools.deleteCustomer(customer.id);
  t.match(await handle(changed(next)), { kind: 'done', reason: 'anonymised' });
  t.match(heldBy(fluent, customer.id), { firstName: '', primaryPhone: '' });
});

t.test('a deletion of a customer that was never in Fluent writes nothing', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  await commercetools.deleteCustomer(customer.id);
  const { handle } = await instance({ onDelete: 'anonymise' });
  t.strictSame(await handle(deleted(customer)), { kind: 'done', reason: 'never-in-fluent' });
  t.match(fluent.writes, { created: 0, updated: 0 });
});

t.test('with onDelete: ignore a deletion does not change Fluent', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  const { handle } = await instance();
  await handle(changed(customer));
  await commercetools.deleteCustomer(customer.id);
  t.strictSame(await handle(deleted(customer)), { kind: 'ignored', reason: 'customer-gone' });
  t.match(heldBy(fluent, customer.id), { firstName: 'Amba' });
});

t.test(
  'a customer that is deleted while it is written ends anonymised, including the last write',
  async (t) => {
    const { commercetools, fluent, instance } = await startSandbox(t);
    const customer = await commercetools.createCustomer({ email: 'amba@example.com', key: 'k-1' });
    const other = await instance({ onDelete: 'anonymise' });
    await other.handle(changed(customer));
    const next = await commercetools.updateCustomer(customer.id, { firstName: 'Amba', companyName: 'Ltd' });
    const slow = await instance({
      onDelete: 'anonymise',
      over: ({ fluent: client }) => ({
        fluent: {
          ...client,
          async updateCustomer(input) {
            // Another instance has handled the deletion before this write arrives.
            if (input.firstName === 'Amba') {
              await commercetools.deleteCustomer(customer.id);
              t.match(await other.handle(deleted(next)), { reason: 'anonymised' });
            }
            return client.updateCustomer(input);
          },
        },
      }),
    });
    t.match(await slow.handle(changed(next)), { kind: 'done', reason: 'anonymised' });
    t.match(heldBy(fluent, customer.id), {
      firstName: '',
      primaryEmail: `deleted-${customer.id}@anonymised.invalid`,
      attributes: { companyName: '', key: '' },
    });
  },
);

t.test('a customer that was anonymised between its read and its look-up is not restored', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  const other = await instance({ onDelete: 'anonymise' });
  await other.handle(changed(customer));
  let deletion: Promise<unknown> | undefined;
  const slow = await instance({
    onDelete: 'anonymise',
    over: ({ fluent: client, commercetools: reader }) => ({
      commercetools: {
        ...reader,
        async readCustomer(id, options) {
          const read = await reader.readCustomer(id, options);
          deletion ??= commercetools.deleteCustomer(customer.id).then(() => other.handle(deleted(customer)));
          return read;
        },
      },
      fluent: {
        ...client,
        async findCustomer(username, options) {
          const until = performance.now() + 120_000;
          while (!deletion && performance.now() < until)
            await new Promise((resolve) => setImmediate(resolve));
          await deletion;
          return client.findCustomer(username, options);
        },
      },
    }),
  });
  t.match(await slow.handle(changed(customer)), { kind: 'done', reason: 'anonymised' });
  t.match(heldBy(fluent, customer.id), { firstName: '', attributes: { companyName: '' } });
});

t.test('a look-up that does not return the customer yet does not end an anonymisation', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  fluent.staleLookups(2);
  await (await instance()).handle(changed(customer));
  await commercetools.deleteCustomer(customer.id);
  const { handle } = await instance({ onDelete: 'anonymise' });
  t.match(await handle(deleted(customer)), { kind: 'done', reason: 'anonymised' });
});

t.test('an anonymisation does not depend on a lagging look-up', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer({ email: 'amba@example.com' });
  const other = await instance({ onDelete: 'anonymise' });
  // No look-up returns the customer.
  fluent.staleLookups(1_000);
  t.match(await other.handle(changed(customer)), { reason: 'created' });
  await commercetools.deleteCustomer(customer.id);
  const { handle } = await instance({ onDelete: 'anonymise' });
  t.match(await handle(deleted(customer)), { kind: 'done', reason: 'anonymised' });
  t.match(heldBy(fluent, customer.id), { primaryEmail: /^deleted-/ });
});

t.test('an anonymisation blanks fields that the look-up did not return', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer({ email: 'amba@example.com' });
  const { handle } = await instance({ onDelete: 'anonymise' });
  await handle(changed(customer));
  const next = await commercetools.updateCustomer(customer.id, { firstName: 'Amba', companyName: 'Ltd' });
  fluent.staleLookups(1_000);
  t.match(await handle(changed(next)), { reason: 'updated' });
  await commercetools.deleteCustomer(customer.id);
  t.match(await handle(deleted(next)), { kind: 'done', reason: 'anonymised' });
  t.match(heldBy(fluent, customer.id), { firstName: '', attributes: { companyName: '' } });
});

t.test('finds a deleted customer by the key in its event', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer({ ...PERSON, customerNumber: 'N1' });
  for (const [username, name] of [
    ['"web-" & key', 'web-k-1'],
    ['customerNumber', 'N1'],
  ] as const) {
    const { handle } = await instance({ onDelete: 'anonymise', mapping: { username } });
    t.match(await handle(changed(customer)), { reason: 'created' });
    t.ok(fluent.customers.has(name));
  }
  await commercetools.deleteCustomer(customer.id);
  const byKey = await instance({ onDelete: 'anonymise', mapping: { username: '"web-" & key' } });
  t.match(await byKey.handle(deleted(customer)), { kind: 'done', reason: 'anonymised' });
  t.match(heldBy(fluent, 'web-k-1'), { firstName: '' });
  const byNumber = await instance({ onDelete: 'anonymise', mapping: { username: 'customerNumber' } });
  t.match(await byNumber.handle(deleted(customer)), { kind: 'done', reason: 'anonymised' });
  const { id, version } = customer;
  t.match(await byNumber.handle(deleted({ id, version })), { kind: 'rejected', reason: 'no-username' });
});
