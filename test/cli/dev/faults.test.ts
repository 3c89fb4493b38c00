import t from 'tap';
import { FAULT_NAMES, FAULTS, Switches } from '../../../src/cli/dev/faults.ts';
import { changeOf, connect, startUpstreams } from '../../sandbox/connected.ts';
import { sendPush } from '../../sandbox/push.ts';

t.test('every fault has a key', (t) => {
  t.same([...FAULT_NAMES].sort(), Object.keys(FAULTS).sort());
  t.ok(FAULT_NAMES.length <= 9);
  t.end();
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
    const { commercetools, fluent, env } = upstreams;
    const service = await connect(t, upstreams, { DUPLICATE_MEMORY_SECONDS: '0' });
    const switches = new Switches({ commercetools, fluent, env, close: async () => {} });
    const customer = await commercetools.createCustomer({ email: 'ada@example.com' });
    t.equal(switches.toggle(name), 'on');
    t.equal((await sendPush(service.push, changeOf(customer))).status, 503);
    t.equal(switches.toggle(name), 'off');
    // The service leaves an upstream that failed alone for a moment, so another one shows that the fault is gone.
    const fresh = await connect(t, upstreams);
    t.equal((await sendPush(fresh.push, changeOf(customer))).status, 204);
  });
