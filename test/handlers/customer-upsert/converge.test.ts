import t from 'tap';
import { stopClock } from '../../sandbox/clock.ts';
import { until } from '../../sandbox/until.ts';
import { beforeWrites, changed, heldBy, startSandbox } from './instance.ts';

const PERSON = {
  email: 'amba@example.com',
  firstName: 'Amba',
  lastName: 'Birkvale',
  key: 'k-1',
  customerNumber: 'N1',
  addresses: [{ key: 'home', country: 'DE', phone: '+49 1' }],
};

t.test('updates differences, and writes nothing without any', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  const { handle } = await instance();
  await handle(changed(customer));
  const next = await commercetools.updateCustomer(customer.id, { email: 'new@example.com' });
  t.match(await handle(changed(next)), { kind: 'done', reason: 'updated' });
  t.match(heldBy(fluent, customer.id), {
    primaryEmail: 'new@example.com',
    attributes: { commercetoolsVersion: next.version },
  });
  t.match(await handle(changed(next)), { kind: 'done', reason: 'unchanged' });
  t.match(await handle(changed(customer)), { kind: 'done', reason: 'unchanged' }, 'an older event');
  t.match(fluent.writes, { created: 1, updated: 1 });
});

t.test('logs the names of cut or unusable fields, without their values', async (t) => {
  const { commercetools, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer({ ...PERSON, lastName: 'Verylong'.repeat(10) });
  const { handle, lines } = await instance({ mapping: { title: '$error(firstName)' } });
  t.match(await handle(changed(customer)), { reason: 'created' });
  t.match(lines, [{ fields: ['lastName'] }, { fields: ['title'] }]);
  t.notMatch(JSON.stringify(lines), /Verylong|Amba/);
});

t.test('rejects customers that Fluent can never accept', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  const unusable = [
    { mapping: { username: 'externalId' }, reason: 'no-username' },
    { mapping: { primaryEmail: 'externalId' }, reason: 'no-email' },
  ];
  for (const { mapping, reason } of unusable) {
    const { handle } = await instance({ mapping });
    t.match(await handle(changed(customer)), { kind: 'rejected', reason });
  }
  const { handle } = await instance();
  const { resource: _, ...about } = changed(customer);
  t.match(await handle(about), { kind: 'rejected', reason: 'no-resource' });
  t.equal(fluent.requests.mutation.requests, 0);
});

t.test('a username with % matches only itself', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const { handle } = await instance({ mapping: { username: 'firstName' } });
  const other = await commercetools.createCustomer({ email: 'b@example.com', firstName: 'a-b-c' });
  const wild = await commercetools.createCustomer({ email: 'w@example.com', firstName: 'a%c' });
  t.match(await handle(changed(other)), { reason: 'created' });
  t.match(await handle(changed(wild)), { reason: 'created' });
  t.match(heldBy(fluent, 'a-b-c'), { primaryEmail: 'b@example.com' });
  t.match(heldBy(fluent, 'a%c'), { primaryEmail: 'w@example.com' });
  const both = await Promise.all([handle(changed(wild)), handle(changed(other))]);
  t.match(both, [{ reason: 'unchanged' }, { reason: 'unchanged' }], 'looked up together');
});

t.test('ignores a deleted customer, and writes nothing', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  await commercetools.deleteCustomer(customer.id);
  const { handle } = await instance();
  t.strictSame(await handle(changed(customer)), { kind: 'ignored', reason: 'customer-gone' });
  t.equal(fluent.requests.mutation.requests, 0);
});

t.test('starts no write when the time of the run is over', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  const { handle } = await instance();
  t.match(await handle(changed(customer), AbortSignal.abort()), { kind: 'failed', reason: 'out-of-time' });
  t.equal(fluent.requests.mutation.requests, 0);
});

t.test('never writes an older version over a newer one', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const [one, two] = [
    await commercetools.createCustomer(PERSON),
    await commercetools.createCustomer({ email: 'other@example.com' }),
  ];
  const first = await instance();
  await Promise.all([first.handle(changed(one)), first.handle(changed(two))]);

  commercetools.lagQueries(Number.POSITIVE_INFINITY);
  const newer = await commercetools.updateCustomer(one.id, { firstName: 'Newer' });
  t.match(await first.handle(changed(newer)), { reason: 'updated' });
  const writes = fluent.writes.updated;
  const second = await instance();
  const before = commercetools.requests.query;
  const outcomes = await Promise.all([second.handle(changed(one)), second.handle(changed(two))]);
  t.equal(commercetools.requests.query, before + 1, 'both were read by one query, which lags');
  t.match(outcomes, [{ reason: 'unchanged' }, { reason: 'unchanged' }]);
  t.equal(fluent.writes.updated, writes);
  t.match(heldBy(fluent, one.id), {
    firstName: 'Newer',
    attributes: { commercetoolsVersion: newer.version },
  });
});

t.test('corrects a version in Fluent that commercetools never had', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  await (await instance()).handle(changed(customer));
  fluent.seed({
    username: customer.id,
    firstName: 'Edited',
    attributes: [{ name: 'commercetoolsVersion', type: 'INTEGER', value: 999_999 }],
  });
  const { handle, pauses, lines } = await instance();
  t.match(await handle(changed(customer)), { kind: 'done', reason: 'updated' });
  t.match(heldBy(fluent, customer.id), {
    firstName: 'Amba',
    attributes: { commercetoolsVersion: customer.version },
  });
  t.ok(pauses.length > 0, 'commercetools had time to show a newer version');
  t.match(lines, [{ claimed: 999_999, version: customer.version }]);
});

t.test('an event whose customer is stale in a query is read by id', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const other = await commercetools.createCustomer({ email: 'other@example.com' });
  const old = await commercetools.createCustomer(PERSON);
  commercetools.lagQueries(Number.POSITIVE_INFINITY);
  const made = await commercetools.createCustomer({ email: 'made@example.com', firstName: 'Made' });
  const next = await commercetools.updateCustomer(old.id, { firstName: 'Next' });
  const { handle } = await instance();
  const outcomes = await Promise.all([other, made, next].map((customer) => handle(changed(customer))));
  t.match(outcomes, [{ reason: 'created' }, { reason: 'created' }, { reason: 'created' }]);
  t.match(heldBy(fluent, old.id), { firstName: 'Next' });
  t.match(heldBy(fluent, made.id), { firstName: 'Made' });
});

t.test('a customer that is stale even by id reports which version was handled', async (t) => {
  const { commercetools, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  const { handle } = await instance();
  const event = changed({ ...customer, version: customer.version + 1 });
  t.match(await handle(event), { kind: 'done', version: customer.version });
});

t.test('resolves a create conflict: reads again, then updates', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  fluent.staleLookups(1);
  fluent.seed({
    username: customer.id,
    firstName: 'Older',
    primaryEmail: 'o@example.com',
    promotionOptIn: true,
  });
  const { handle } = await instance();
  t.match(await handle(changed(customer)), { kind: 'done', reason: 'updated' });
  t.match(heldBy(fluent, customer.id), { firstName: 'Amba', promotionOptIn: true });
  t.match(fluent.writes, { created: 0, updated: 1 });
});

t.test('a create conflict that Fluent does not show yet is retried later', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  fluent.staleLookups(2);
  fluent.seed({ username: customer.id, primaryEmail: 'o@example.com' });
  const { handle } = await instance();
  t.match(await handle(changed(customer)), { kind: 'failed', reason: 'create-conflict' });
});

t.test('a customer that disappears from Fluent before the update is created', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  fluent.seed({ username: customer.id, primaryEmail: 'o@example.com' });
  fluent.staleLookups(1);
  fluent.customers.delete(customer.id);
  const { handle } = await instance();
  t.match(await handle(changed(customer)), { kind: 'done', reason: 'created' });
});

t.test('two instances that create the same customer at the same time leave one, equal', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  const instances = await Promise.all([instance(), instance(), instance()]);
  const outcomes = await Promise.all(instances.map(({ handle }) => handle(changed(customer))));
  t.ok(outcomes.every(({ kind }) => kind === 'done'));
  t.equal(fluent.writes.created, 1);
  t.match(heldBy(fluent, customer.id), { firstName: 'Amba' });
});

t.test('a version that changes during the write is written too', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  const { handle } = await instance({
    over: beforeWrites(3, (write) =>
      commercetools.updateCustomer(customer.id, { firstName: `Name ${write}` }),
    ),
  });
  t.match(await handle(changed(customer)), { kind: 'done', reason: 'updated' });
  const { version } = commercetools.customer(customer.id) ?? {};
  t.match(heldBy(fluent, customer.id), {
    firstName: 'Name 3',
    attributes: { commercetoolsVersion: version },
  });
  t.match(fluent.writes, { created: 1, updated: 3 });
});

t.test('a customer that keeps changing is left to the redelivery, and the writes are not lost', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  const { handle } = await instance({
    memorySeconds: 60,
    over: beforeWrites(8, (write) =>
      commercetools.updateCustomer(customer.id, { firstName: `Name ${write}` }),
    ),
  });
  t.match(await handle(changed(customer)), { kind: 'failed', reason: 'unsettled' });
  t.equal(fluent.writes.created + fluent.writes.updated, 8);
  t.match(await handle(changed(customer)), { kind: 'done', reason: 'updated' }, 'the redelivery');
  t.match(heldBy(fluent, customer.id), { firstName: 'Name 8' });
});

t.test('a slower instance with an older read does not write last', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  const fast = await instance();
  const slow = await instance({
    over: beforeWrites(1, async () => {
      const next = await commercetools.updateCustomer(customer.id, { firstName: 'Newest' });
      t.match(await fast.handle(changed(next)), { kind: 'done' });
      t.match(heldBy(fluent, customer.id), { firstName: 'Newest' });
    }),
  });
  await fast.handle(changed(customer));
  fluent.seed({ username: customer.id, firstName: 'differs' });
  t.match(await slow.handle(changed(customer)), { kind: 'done', reason: 'updated' });
  t.match(heldBy(fluent, customer.id), { firstName: 'Newest' });
});

t.test(
  'does not rely on a look-up in Fluent that returns less than was written, and corrects what was overwritten',
  async (t) => {
    const { commercetools, fluent, instance } = await startSandbox(t);
    const customer = await commercetools.createCustomer(PERSON);
    const { handle } = await instance();
    await handle(changed(customer));
    const next = await commercetools.updateCustomer(customer.id, { firstName: 'Next' });
    await handle(changed(next));
    fluent.seed({
      username: customer.id,
      firstName: 'Older',
      primaryPhone: '+99 000',
      attributes: [{ name: 'commercetoolsVersion', type: 'INTEGER', value: customer.version }],
    });
    t.match(await handle(changed(next)), { kind: 'done', reason: 'updated' });
    t.match(heldBy(fluent, customer.id), { firstName: 'Next' });
    t.match(await handle(changed(next)), { kind: 'done', reason: 'unchanged' });

    const last = await commercetools.updateCustomer(customer.id, { firstName: 'Last' });
    fluent.staleLookups(2);
    t.match(await handle(changed(last)), { kind: 'done', reason: 'updated' });
    t.match(await handle(changed(last)), { kind: 'done', reason: 'unchanged' }, 'asked again, alone');
  },
);

t.test('blanks fields that a lagging look-up in Fluent did not return', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer({ ...PERSON, addresses: [] });
  const [one, other] = [await instance(), await instance()];
  await one.handle(changed(customer));
  const bare = await commercetools.updateCustomer(customer.id, { firstName: 'Bare' });
  // From here on look-ups return the customer without the phone and the company that another instance has written.
  fluent.staleLookups(1000);
  fluent.seed({
    username: customer.id,
    primaryPhone: '+99 111',
    attributes: [{ name: 'companyName', type: 'STRING', value: 'Gone' }],
  });
  t.match(await other.handle(changed(bare)), { kind: 'done', reason: 'updated' });
  t.match(heldBy(fluent, customer.id), { firstName: 'Bare', primaryPhone: '' });
  t.equal(
    fluent.customers.get(customer.id)?.attributes.find(({ name }) => name === 'companyName')?.value,
    '',
  );
});

t.test('the check after a write does not rely on a lagging query', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customers = await Promise.all(
    [1, 2, 3].map((number) => commercetools.createCustomer({ email: `person-${number}@example.com` })),
  );
  const { handle } = await instance({
    over: ({ fluent: real }) => ({
      fluent: {
        ...real,
        // Between look-up and write, another instance writes the next version, and queries do not return it yet.
        async createCustomer(input) {
          commercetools.lagQueries(Number.POSITIVE_INFINITY);
          await commercetools.updateCustomer(input.username, { firstName: 'Newer' });
          return real.createCustomer(input);
        },
      },
    }),
  });
  await Promise.all(customers.map((customer) => handle(changed(customer))));
  for (const { id } of customers) t.match(heldBy(fluent, id), { firstName: 'Newer' });
});

t.test('a duplicate causes no upstream call while it is remembered', async (t) => {
  const { commercetools, fluent, instance, requests } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  const { handle } = await instance({ memorySeconds: 1 });
  const clock = stopClock(t);
  await handle(changed(customer));
  const before = requests();
  t.match(await handle(changed(customer)), { kind: 'done', reason: 'already-done' });
  t.match(await handle(changed({ ...customer, version: customer.version - 1 })), {
    kind: 'done',
    reason: 'already-done',
  });
  t.equal(requests(), before);
  fluent.seed({ username: customer.id, firstName: 'Mended by hand' });
  clock.pass(999);
  t.match(await handle(changed(customer)), { reason: 'already-done' });
  clock.pass(2);
  t.match(await handle(changed(customer)), { reason: 'updated' });
  t.ok(requests() > before);
  t.match(heldBy(fluent, customer.id), { firstName: 'Amba' });

  const next = await commercetools.updateCustomer(customer.id, { firstName: 'Next' });
  t.match(await handle(changed(next)), { reason: 'updated' }, 'a newer version is no duplicate');
});

t.test('a failed event is not remembered as done', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  const { handle } = await instance({ memorySeconds: 60 });
  fluent.faults.on({ kind: 'partial', times: 1 });
  t.match(await handle(changed(customer)), { kind: 'failed', reason: 'upstream-error' });
  t.match(await handle(changed(customer)), { kind: 'done', reason: 'created' });
});

t.test('a write whose response was lost is found done', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  fluent.faults.on({ kind: 'reset', when: 'after-effect', only: 'mutation', times: 1 });
  const { handle } = await instance();
  t.match(await handle(changed(customer)), { kind: 'done' });
  t.match(fluent.writes, { created: 1, updated: 0 });
});

t.test('a 404 of a gateway does not count as a deleted customer', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  const { handle } = await instance({ onDelete: 'anonymise' });
  await handle(changed(customer));
  const next = await commercetools.updateCustomer(customer.id, { firstName: 'Next' });
  commercetools.fault({ kind: 'status', status: 404, only: 'by-id' });
  t.match(await handle(changed(next)), { kind: 'failed' });
  t.match(heldBy(fluent, customer.id), { firstName: 'Amba', primaryEmail: 'amba@example.com' });
});

t.test('a re-created customer replaces a deleted one with the same username', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const { handle } = await instance({ mapping: { username: 'customerNumber' }, onDelete: 'anonymise' });
  let first = await commercetools.createCustomer(PERSON);
  first = await commercetools.updateCustomer(first.id, { firstName: 'Newer' });
  await handle(changed(first));
  await commercetools.deleteCustomer(first.id);
  const second = await commercetools.createCustomer({ ...PERSON, firstName: 'Second' });
  t.ok(second.version < first.version);
  t.match(await handle(changed(second)), { kind: 'done', reason: 'updated' });
  t.match(heldBy(fluent, 'N1'), { firstName: 'Second' });
  // The late deletion of the first customer finds the record of the second, and does not change it.
  const identifiers = { customerNumber: 'N1' };
  const late = { ...changed(first), kind: 'ResourceDeleted', deletion: true };
  t.match(await handle({ ...late, resource: { typeId: 'customer', id: first.id, identifiers } }), {
    kind: 'done',
  });
  t.match(heldBy(fluent, 'N1'), { firstName: 'Second' });
});

t.test('starts no write after the time of an event; the redelivery corrects the customer', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  const time = new AbortController();
  const { handle } = await instance({
    over: ({ fluent: real }) => ({
      fluent: {
        ...real,
        // The time ends while the write is in flight, and another instance writes the next version.
        async createCustomer(input, options) {
          await commercetools.updateCustomer(customer.id, { firstName: 'Newer' });
          const written = await real.createCustomer(input, options);
          time.abort();
          return written;
        },
      },
    }),
  });
  t.match(await handle(changed(customer), time.signal), { kind: 'failed', reason: 'out-of-time' });
  t.match(fluent.writes, { created: 1, updated: 0 });
  t.match(await handle(changed(customer)), { kind: 'done', reason: 'updated' });
  t.match(heldBy(fluent, customer.id), { firstName: 'Newer' });
});

t.test('does not correct the write of another instance after its time', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  fluent.staleLookups(1);
  fluent.seed({ username: customer.id, firstName: 'Older', primaryEmail: 'o@example.com' });
  const time = new AbortController();
  const { handle } = await instance({
    over: ({ fluent: real }) => ({
      fluent: {
        ...real,
        // The time ends while the creation is in flight, which then fails with a conflict.
        async createCustomer(input, options) {
          const created = real.createCustomer(input, options);
          await created.catch(() => time.abort());
          return created;
        },
      },
    }),
  });
  t.match(await handle(changed(customer), time.signal), { kind: 'failed', reason: 'out-of-time' });
  t.match(heldBy(fluent, customer.id), { firstName: 'Older' });
});

t.test('sends nothing for an event after its time', async (t) => {
  const { commercetools, fluent, instance } = await startSandbox(t);
  const customer = await commercetools.createCustomer(PERSON);
  fluent.faults.on({ kind: 'status', status: 503, only: 'mutation', times: 1 });
  const release = fluent.faults.hold('mutation');
  const time = new AbortController();
  const { handle } = await instance({
    over: ({ fluent: real }) => ({
      fluent: {
        ...real,
        createCustomer: (input) => real.createCustomer(input, { signal: time.signal }),
      },
    }),
  });
  const handled = handle(changed(customer));
  t.ok(await until(() => fluent.requests.mutation.requests === 1));
  // The time ends while the first attempt is in flight, which fails; there is no second attempt.
  time.abort();
  release();
  t.match(await handled, { kind: 'failed', reason: 'out-of-time' });
  t.equal(fluent.requests.mutation.requests, 1);
  t.notOk(fluent.customers.has(customer.id));
});
