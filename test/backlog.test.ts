import t from 'tap';
import { connect, startUpstreams } from './sandbox/connected.ts';
import { sendPush } from './sandbox/push.ts';

const CUSTOMERS = 400;
const A_YEAR_AGO = '2025-01-01T00:00:00.000Z';

t.test('customers that changed long ago take few upstream calls, and none is refused', async (t) => {
  const upstreams = await startUpstreams(t);
  const { commercetools, fluent } = upstreams;
  const service = await connect(t, upstreams);
  for (const only of ['query', 'by-id', 'graphql'] as const)
    commercetools.fault({ kind: 'latency', milliseconds: 50, only });
  for (const only of ['query', 'mutation'] as const)
    fluent.faults.on({ kind: 'latency', milliseconds: 50, only });

  const customers = commercetools.seed(CUSTOMERS, A_YEAR_AGO);
  const answers = await Promise.all(
    customers.map(({ id, version, lastModifiedAt }) =>
      sendPush(service.push, {
        notificationType: 'ResourceUpdated',
        projectKey: commercetools.projectKey,
        resource: { typeId: 'customer', id },
        version,
        modifiedAt: lastModifiedAt,
      }),
    ),
  );

  t.equal(answers.filter(({ status }) => status === 204).length, CUSTOMERS, 'every push is acknowledged');
  t.equal(fluent.customers.size, CUSTOMERS);
  t.notOk(
    service.lines.some(({ circuit }) => circuit !== undefined),
    'no circuit changes',
  );
  const { query, 'by-id': byId, graphql } = commercetools.requests;
  const calls = query + byId + graphql + fluent.requests.query.requests + fluent.requests.mutation.requests;
  // With a check by id for each there is one request by id for each event at least. How full batches get depends on the
  // machine; how many requests they save in all is for the benchmark to say.
  t.ok(byId <= 0.8 * CUSTOMERS, `${byId} of ${calls} upstream calls read one customer by its id`);
});
