import t from 'tap';
import { stopClock } from '../sandbox/clock.ts';
import { changeOf, connect, startUpstreams } from '../sandbox/connected.ts';
import { sendPush } from '../sandbox/push.ts';
import { until } from '../sandbox/until.ts';

t.test('is live and ready from the start', async (t) => {
  const service = await connect(t, await startUpstreams(t));
  const live = await fetch(`${service.url}/health/live`);
  t.same([live.status, await live.json()], [200, { status: 'live' }]);
  const ready = await fetch(`${service.url}/health/ready`);
  t.same([ready.status, await ready.json()], [200, { status: 'ready' }]);
});

t.test('is live and not ready while it drains', async (t) => {
  const service = await connect(t, await startUpstreams(t));
  await service.drain();
  t.equal((await fetch(`${service.url}/health/live`)).status, 200);
  const ready = await fetch(`${service.url}/health/ready`);
  t.same([ready.status, await ready.json()], [503, { status: 'not ready', reasons: ['draining'] }]);
});

for (const side of ['Fluent SANDBOX', 'commercetools sandbox-project'] as const) {
  t.test(
    `is not ready while ${side} refuses the credentials, and becomes ready without a push`,
    async (t) => {
      const upstreams = await startUpstreams(t);
      const { commercetools, fluent } = upstreams;
      // Before the service is built, which keeps a reference to `Date.now`.
      const clock = stopClock(t);
      const service = await connect(t, upstreams);
      const ready = async () => (await fetch(`${service.url}/health/ready`)).status;
      const customer = await commercetools.createCustomer({ email: 'ready@example.com', password: 'secret' });
      if (side.startsWith('Fluent')) fluent.faults.on({ kind: 'wrong-credentials' });
      else commercetools.fault({ kind: 'wrong-credentials' });

      t.equal((await sendPush(service.push, changeOf(customer))).status, 503);
      const answer = await fetch(`${service.url}/health/ready`);
      t.same(
        [answer.status, await answer.json()],
        [503, { status: 'not ready', reasons: [`credentials-refused: ${side}`] }],
      );
      const tokens = () => fluent.requests.token.requests + commercetools.requests.token;
      const before = tokens();
      for (let time = 0; time < 20; time += 1) t.equal(await ready(), 503);
      t.ok(tokens() <= before + 1, 'does not send a request to the upstream for each check');

      fluent.faults.off();
      commercetools.clearFaults();
      const readyLater = async () => {
        clock.pass(1_000);
        return (await ready()) === 200;
      };
      t.ok(await until(readyLater), 'ready once they are accepted');
      t.equal((await sendPush(service.push, changeOf(customer))).status, 204);
    },
  );
}

t.test('stays not ready while a permission is missing', async (t) => {
  const upstreams = await startUpstreams(t);
  const service = await connect(t, upstreams);
  const customer = await upstreams.commercetools.createCustomer({
    email: 'right@example.com',
    password: 'secret',
  });
  upstreams.fluent.faults.on({ kind: 'permission' });
  t.equal((await sendPush(service.push, changeOf(customer))).status, 503);
  t.equal((await fetch(`${service.url}/health/ready`)).status, 503);
  t.equal((await fetch(`${service.url}/health/ready`)).status, 503);
  upstreams.fluent.faults.off();
  t.equal((await sendPush(service.push, changeOf(customer))).status, 204);
  t.equal((await fetch(`${service.url}/health/ready`)).status, 200, 'until a push finds it given');
});
