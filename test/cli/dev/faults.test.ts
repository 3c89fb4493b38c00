import t from 'tap';
import { FAULT_NAMES, FAULTS, Switches } from '../../../src/cli/dev/faults.ts';
import { startStandIns } from '../../kit/stand-ins.ts';
import { changeOf, connect, startUpstreams } from '../../sandbox/connected.ts';
import { sendPush } from '../../sandbox/push.ts';

t.test('every fault has a key', (t) => {
  t.same([...FAULT_NAMES].sort(), Object.keys(FAULTS).sort());
  t.ok(FAULT_NAMES.length <= 9);
  t.end();
});

t.test('a fault of Fluent strikes the Fluent of every account', async (t) => {
  const accounts = [0, 1].map((fluent) => ({ projectKey: `shop-${fluent}`, fluent }));
  const standIns = await startStandIns({ accounts });
  t.teardown(() => standIns.close());
  const statuses = () =>
    Promise.all(
      standIns.accounts.map(async ({ fluent }) => {
        const { status } = await fetch(`${fluent.url}/oauth/token`, { method: 'POST' });
        return status;
      }),
    );
  const switches = new Switches(standIns);
  switches.toggle('fluent-down');
  t.same(await statuses(), [503, 503]);
  switches.toggle('fluent-down');
  t.notMatch(await statuses(), [503, 503]);
});

const STRIKING = [
  'fluent-down',
  'fluent-rate-limit',
  'fluent-credentials',
  'commercetools-down',
  'commercetools-rate-limit',
] as const;
for (const name of STRIKING)
  t.test(`${name} fails an event, until it is switched off`, async (t) => {
    const upstreams = await startUpstreams(t);
    const { commercetools, fluent } = upstreams;
    const service = await connect(t, upstreams, { DUPLICATE_MEMORY_SECONDS: '0' });
    const switches = new Switches({
      commercetools,
      fluents: [fluent],
      accounts: [{ commercetools, fluent }],
    });
    const customer = await commercetools.createCustomer({ email: 'ada@example.com' });
    t.equal(switches.toggle(name), 'on');
    t.equal((await sendPush(service.push, changeOf(customer))).status, 503);
    t.equal(switches.toggle(name), 'off');
    // The service leaves an upstream that failed alone for a moment, so another one shows that the fault is gone.
    const fresh = await connect(t, upstreams);
    t.equal((await sendPush(fresh.push, changeOf(customer))).status, 204);
  });
