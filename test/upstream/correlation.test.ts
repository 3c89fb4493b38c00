import t from 'tap';
import manifest from '../../package.json' with { type: 'json' };
import { correlated, correlationId } from '../../src/upstream/correlation.ts';
import { changeOf, connect, startUpstreams } from '../sandbox/connected.ts';
import { sendPush } from '../sandbox/push.ts';

t.test('an id is the identity of its event, in the characters that commercetools accepts', async (t) => {
  t.equal(
    correlated('customer/1f2e@5', () => correlationId()),
    'customer/1f2e-5',
  );
  t.equal(
    correlated('customer/1f2e@5', () => correlationId(10)),
    'customer/1f2e-5/and-9-more',
  );
  for (const identity of ['7', `customer/${'a'.repeat(300)}@5`, 'Größe & mehr'])
    t.match(
      correlated(identity, () => correlationId(500)),
      /^[A-Za-z0-9_/-]{8,256}$/,
      identity,
    );
  t.match(correlationId(), /^customer-sync\/[0-9a-f-]{36}$/, 'without an event it has one of its own');
});

t.test('every request names the service and the event, and a failure is logged with its id', async (t) => {
  const upstreams = await startUpstreams(t);
  const { commercetools, fluent } = upstreams;
  const service = await connect(t, upstreams);
  const customer = await commercetools.createCustomer({ email: 'ada@example.com', password: 'secret' });
  t.equal((await sendPush(service.push, changeOf(customer))).status, 204);
  const seen = [...commercetools.headers, ...fluent.requests.headers];
  t.ok(seen.length >= 5, 'tokens, read, look-up, write, check');
  for (const headers of seen)
    t.match(headers, {
      'user-agent': new RegExp(`^${manifest.name}/${manifest.version} Node\\.js/\\d`),
      'x-correlation-id': `customer/${customer.id}-${customer.version}`,
    });

  fluent.faults.on({ kind: 'permission', only: 'mutation' });
  const changed = await commercetools.updateCustomer(customer.id, { firstName: 'Corva' });
  t.equal((await sendPush(service.push, changeOf(changed))).status, 503);
  t.match(
    service.lines.find(({ outcome }) => outcome === 'failed'),
    { reason: 'permission-missing', correlationId: `customer/${customer.id}-${changed.version}` },
  );
  fluent.faults.off();

  commercetools.fault({ kind: 'status', status: 400 });
  const again = await commercetools.updateCustomer(customer.id, { firstName: 'Dorra' });
  t.equal((await sendPush(service.push, changeOf(again))).status, 503);
  t.match(
    service.lines.findLast(({ outcome }) => outcome === 'failed'),
    { reason: 'http-400', correlationId: `customer/${customer.id}-${again.version}` },
  );
});

t.test('a batch belongs to the event that opened it', async (t) => {
  const upstreams = await startUpstreams(t);
  const { commercetools, fluent } = upstreams;
  const service = await connect(t, upstreams);
  const drafts = Array.from({ length: 20 }, (_, index) => ({
    email: `batch-${index}@example.com`,
    password: 'secret',
  }));
  const customers = await Promise.all(drafts.map((draft) => commercetools.createCustomer(draft)));
  const release = fluent.faults.hold('query');
  const answers = customers.map((customer) => sendPush(service.push, changeOf(customer)));
  release();
  t.ok((await Promise.all(answers)).every(({ status }) => status === 204));
  const ids = new Set(customers.map(({ id, version }) => `customer/${id}-${version}`));
  for (const headers of [...commercetools.headers, ...fluent.requests.headers]) {
    const id = String(headers['x-correlation-id']);
    t.ok(ids.has(id.replace(/\/and-\d+-more$/, '')), id);
  }
});
