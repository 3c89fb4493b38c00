import t from 'tap';
import { connect, startUpstreams } from '../sandbox/connected.ts';

t.test('returns the routes, the handlers with their files, and the accounts without secrets', async (t) => {
  const upstreams = await startUpstreams(t);
  const service = await connect(t, upstreams, {
    PUSH_AUTH: 'token',
    PUSH_TOKEN: 'the-push-token-0123456789',
  });
  const response = await fetch(`${service.url}/connector`);
  const text = await response.text();
  t.equal(response.status, 200);
  t.match(JSON.parse(text), {
    routes: [
      {
        route: 'commercetools.connect.customer.upsert',
        resourceType: 'customer',
        filter: ['ResourceUpdated', 'ResourceCreated'],
        handler: 'customer-upsert',
        source: 'handlers/customer-upsert',
        fingerprint: /^[0-9a-f]{12}$/,
      },
    ],
    handlers: [
      { name: 'customer-upsert', description: /\w/, source: 'handlers/customer-upsert', active: true },
    ],
  });
  t.same(JSON.parse(text).accounts, [
    { projectKey: 'sandbox-project', retailerId: '1', fluentAccount: 'SANDBOX' },
  ]);
  const { commercetools, fluent } = upstreams;
  const secrets = [...Object.values(commercetools.credentials), ...Object.values(fluent.credentials)];
  for (const secret of [...secrets, 'the-push-token']) t.notOk(text.includes(secret));
});

t.test('prints the routing table at the start', async (t) => {
  const service = await connect(t, await startUpstreams(t));
  t.match(
    service.lines.filter(({ message }) => message === 'route'),
    [
      {
        route: 'commercetools.connect.customer.upsert',
        source: 'handlers/customer-upsert',
        fingerprint: /^[0-9a-f]{12}$/,
        severity: 'INFO',
      },
    ],
  );
});
