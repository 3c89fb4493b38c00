import t from 'tap';
import { connect, startUpstreams } from '../sandbox/connected.ts';
import { startGate } from '../sandbox/gate.ts';
import { sendPush } from '../sandbox/push.ts';
import { until } from '../sandbox/until.ts';

const CUSTOMERS = 400;
const A_YEAR_AGO = '2025-01-01T00:00:00.000Z';

t.test('customers that changed long ago need few upstream calls, and no push is refused', async (t) => {
  const upstreams = await startUpstreams(t);
  const { commercetools, fluent } = upstreams;
  // No request is sent before the tokens are issued, so every event is accepted before the first request, however slow the
  // machine is. An upstream request may take 10 s at most, including this wait.
  const [commercetoolsGate, fluentGate] = [
    await startGate(t, commercetools.url),
    await startGate(t, fluent.url),
  ];
  for (const gate of [commercetoolsGate, fluentGate]) gate.close(/oauth/);
  const service = await connect(t, upstreams, {
    ACK_DEADLINE_SECONDS: '600',
    CTP_AUTH_URL: commercetoolsGate.url,
    FLUENT_API_URL: fluentGate.url,
  });
  for (const only of ['query', 'by-id', 'graphql'] as const)
    commercetools.fault({ kind: 'latency', milliseconds: 50, only });
  for (const only of ['query', 'mutation'] as const)
    fluent.faults.on({ kind: 'latency', milliseconds: 50, only });

  const customers = commercetools.seed(CUSTOMERS, A_YEAR_AGO);
  const pushing = Promise.all(
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
  const takenIn = async () =>
    (await (await fetch(`${service.url}/metrics`)).text()).includes(`queue_events ${CUSTOMERS}\n`);
  t.ok(await until(takenIn));
  for (const gate of [commercetoolsGate, fluentGate]) gate.open();
  const answers = await pushing;

  t.equal(answers.filter(({ status }) => status === 204).length, CUSTOMERS, 'every push is acknowledged');
  t.equal(fluent.customers.size, CUSTOMERS);
  t.notOk(
    service.lines.some(({ circuit }) => circuit !== undefined),
    'no circuit changes',
  );
  const { query, 'by-id': byId, graphql } = commercetools.requests;
  const calls = query + byId + graphql + fluent.requests.query.requests + fluent.requests.mutation.requests;
  // With a check by id for each customer it was 1.2; 0.16 to 0.19 were measured.
  t.ok(calls <= 0.25 * CUSTOMERS, `${calls} upstream calls for ${CUSTOMERS} events`);
  t.ok(byId <= 0.05 * CUSTOMERS, `${byId} of them read one customer by its id`);
});
