import t from 'tap';
import type { FluentCustomer } from '../../../src/handler.ts';
import { beforeWrites, changed, deleted, heldBy, startSandbox } from './instance.ts';

const KEY = { username: 'key' } as const;
const draft = (firstName: string, key = 'k-1') => ({
  email: `${firstName.toLowerCase()}@example.com`,
  firstName,
  key,
});

t.test('the deletion of a customer does not blank the customer that took over its username', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const other = await instance({ mapping: KEY, onDelete: 'anonymise' });
  const gone = await commercetools.createCustomer(draft('Gone'));
  await other.handle(changed(gone));
  await commercetools.deleteCustomer(gone.id);
  const living = await commercetools.createCustomer(draft('Living'));
  const slow = await instance({
    mapping: KEY,
    onDelete: 'anonymise',
    over: beforeWrites(1, async () => t.match(await other.handle(changed(living)), { reason: 'updated' })),
  });
  t.match(await slow.handle(deleted(gone)), { kind: 'done' });
  t.match(heldBy(fluent, 'k-1'), { firstName: 'Living', attributes: { commercetoolsId: living.id } });
});

t.test('a slow update of a deleted customer returns the username to the living one', async (t) => {
  for (const onDelete of ['ignore', 'anonymise'] as const) {
    const { commercetools, fluent, instance } = await startSandbox(t);
    const other = await instance({ mapping: KEY, onDelete });
    const gone = await commercetools.createCustomer(draft('Gone'));
    await other.handle(changed(gone));
    const next = await commercetools.updateCustomer(gone.id, { lastName: 'Birkvale' });
    let living = gone;
    const slow = await instance({
      mapping: KEY,
      onDelete,
      over: beforeWrites(1, async () => {
        await commercetools.deleteCustomer(gone.id);
        living = await commercetools.createCustomer(draft('Living'));
        t.match(await other.handle(changed(living)), { reason: 'updated' });
      }),
    });
    await slow.handle(changed(next));
    t.match(heldBy(fluent, 'k-1'), { firstName: 'Living', attributes: { commercetoolsId: living.id } });
  }
});

t.test('a crash after such a write is corrected by the redelivery', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const other = await instance({ mapping: KEY });
  const gone = await commercetools.createCustomer(draft('Gone'));
  await other.handle(changed(gone));
  const next = await commercetools.updateCustomer(gone.id, { lastName: 'Birkvale' });
  const crashing = await instance({
    mapping: KEY,
    over: ({ fluent: real }) => ({
      fluent: {
        ...real,
        async updateCustomer(...given) {
          await commercetools.deleteCustomer(gone.id);
          const living = await commercetools.createCustomer(draft('Living'));
          t.match(await other.handle(changed(living)), { reason: 'updated' });
          await real.updateCustomer(...given);
          throw new Error('The instance is no more.');
        },
      },
    }),
  });
  t.match(await crashing.handle(changed(next)), { kind: 'failed' });
  t.match(heldBy(fluent, 'k-1'), { firstName: 'Gone' }, 'the crash left it so');
  await other.handle(changed(next));
  t.match(heldBy(fluent, 'k-1'), { firstName: 'Living' });
});

t.test(
  'of two customers that take over a username at the same time, one keeps it and the other is rejected',
  async (t) => {
    const { commercetools, fluent, instance } = await startSandbox(t, {}, ['one', 'two']);
    const fast = await instance({ mapping: KEY });
    const gone = await commercetools.createCustomer(draft('Gone'));
    await fast.handle(changed(gone, { projectKey: 'one' }));
    await commercetools.deleteCustomer(gone.id);
    const first = await commercetools.createCustomer(draft('First'));
    const second = await commercetools.project('two').createCustomer(draft('Second'));
    const slow = await instance({
      mapping: KEY,
      over: beforeWrites(1, async () => {
        t.match(await fast.handle(changed(first, { projectKey: 'one' })), { kind: 'done' });
      }),
    });
    const outcome = await slow.handle(changed(second, { projectKey: 'two' }));
    t.match(outcome, { kind: 'rejected', reason: 'username-taken' });
    t.match(heldBy(fluent, 'k-1'), { firstName: 'First', attributes: { commercetoolsProject: 'one' } });
  },
);

t.test('projects that feed one Fluent account do not overwrite each other', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t, {}, ['one', 'two']);
  const { handle } = await instance({ mapping: KEY, onDelete: 'anonymise' });
  const first = await commercetools.createCustomer(draft('First'));
  const second = await commercetools.project('two').createCustomer(draft('Second'));
  t.match(await handle(changed(first, { projectKey: 'one' })), { reason: 'created' });
  const taken = { kind: 'rejected', reason: 'username-taken' };
  t.match(await handle(changed(second, { projectKey: 'two' })), taken);
  const { requests } = fluent.requests.mutation;
  t.match(await handle(changed(second, { projectKey: 'two' })), taken, 'again');
  t.equal(fluent.requests.mutation.requests, requests, 'without another write');
  t.match(await handle(changed(first, { projectKey: 'one' })), { reason: 'unchanged' });
  t.match(heldBy(fluent, 'k-1'), { firstName: 'First' });

  await commercetools.deleteCustomer(first.id);
  t.match(await handle(deleted(first)), { kind: 'done' });
  t.match(heldBy(fluent, 'k-1'), { firstName: 'Second' }, 'who waited for the username has it now');
});

t.test('does not change a customer of a project that is not configured', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t, {}, ['one', 'two']);
  const first = await commercetools.createCustomer(draft('First'));
  const second = await commercetools.project('two').createCustomer(draft('Second'));
  await (await instance({ mapping: KEY })).handle(changed(first, { projectKey: 'one' }));
  await commercetools.deleteCustomer(first.id);
  const { handle } = await instance({ mapping: KEY, onDelete: 'anonymise', configured: ['two'] });
  const before = heldBy(fluent, 'k-1');
  t.match(await handle(changed(second, { projectKey: 'two' })), {
    kind: 'rejected',
    reason: 'username-taken',
    detail: /project one/,
  });
  t.strictSame(heldBy(fluent, 'k-1'), before);
});

t.test('a deletion does not rely on a lagging query', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const { handle } = await instance({ onDelete: 'anonymise' });
  const [one, two] = [
    await commercetools.createCustomer(draft('One', 'k-1')),
    await commercetools.createCustomer(draft('Two', 'k-2')),
  ];
  await Promise.all([handle(changed(one)), handle(changed(two))]);
  commercetools.lagQueries(Number.POSITIVE_INFINITY);
  await Promise.all([commercetools.deleteCustomer(one.id), commercetools.deleteCustomer(two.id)]);
  const outcomes = await Promise.all([handle(deleted(one)), handle(deleted(two))]);
  t.match(outcomes, [{ reason: 'anonymised' }, { reason: 'anonymised' }]);
  t.match(heldBy(fluent, one.id), { firstName: '' });
});

t.test('retries a deletion event of a customer that still exists by id', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const { handle } = await instance({ onDelete: 'anonymise' });
  const customer = await commercetools.createCustomer(draft('Amba'));
  await handle(changed(customer));
  t.match(await handle(deleted(customer)), { kind: 'failed', reason: 'stale-read' });
  t.match(heldBy(fluent, customer.id), { firstName: 'Amba' });
});

t.test('writes a username that changes while the older version is written', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(draft('Amba'));
  let next = customer;
  const { handle } = await instance({
    mapping: { username: 'email' },
    memorySeconds: 60,
    over: beforeWrites(1, async () => {
      next = await commercetools.updateCustomer(customer.id, { email: 'new@example.com' });
    }),
  });
  t.match(await handle(changed(customer)), { kind: 'done' });
  t.match(await handle(changed(next)), { kind: 'done' });
  t.match(heldBy(fluent, 'new@example.com'), { firstName: 'Amba' });
});

t.test('anonymising starts no write after the time of its event', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(draft('Amba'));
  const time = new AbortController();
  const { handle } = await instance({
    onDelete: 'anonymise',
    over: ({ fluent: real }) => ({
      fluent: {
        ...real,
        async findCustomer(...given): Promise<FluentCustomer | undefined> {
          const found = await real.findCustomer(...given);
          time.abort();
          return found;
        },
      },
    }),
  });
  await (await instance()).handle(changed(customer));
  await commercetools.deleteCustomer(customer.id);
  t.match(await handle(deleted(customer), time.signal), { kind: 'failed', reason: 'out-of-time' });
  t.match(heldBy(fluent, customer.id), { firstName: 'Amba' });
});
