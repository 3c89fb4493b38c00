import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { stopClock } from '../sandbox/clock.ts';
import { changeOf, connect, startUpstreams } from '../sandbox/connected.ts';
import { sendPush } from '../sandbox/push.ts';
import { until } from '../sandbox/until.ts';

const FILE = 'config/connector.yml';
const source = await readFile(join(import.meta.dirname, '..', '..', FILE), 'utf8');

/** The `file:line:column` after a text in the shipped connector file. */
function placeOf(before: string): string {
  const [above = ''] = source.split(`\n${before}`);
  return `${FILE}:${above.split('\n').length + 1}:${before.length + 1}`;
}

t.test(
  'a mapping that does not match the schema delays the events, and the reason describes the change',
  async (t) => {
    const upstreams = await startUpstreams(t);
    const { commercetools, fluent } = upstreams;
    await fluent.changeSchema({ required: ['firstName', 'timezone'] });
    const clock = stopClock(t, ['Date']);
    const service = await connect(t, upstreams, { CONNECTOR_CONFIG: FILE });
    const customer = await commercetools.createCustomer({ email: 'ada@example.com', password: 'secret' });

    const { status, body } = await sendPush(service.push, changeOf(customer));
    t.equal(status, 503, 'Pub/Sub keeps it');
    t.same(JSON.parse(body), {
      reason: 'schema-mismatch',
      detail: [
        'Fluent SANDBOX: createCustomer requires firstName, which was not given.',
        `Map firstName to a value that every customer has, with a fallback such as \`?: "-"\`, at ${placeOf('        firstName: ')}.`,
        'createCustomer requires timezone, which was not given.',
        `Map timezone to a value that every customer has, with a fallback such as \`?: "-"\`, at ${placeOf('      mapping').replace(/\d+$/, '7')}.`,
      ].join(' '),
    });
    t.match(
      service.lines.find(({ outcome }) => outcome === 'failed'),
      { reason: 'schema-mismatch', detail: /requires timezone/ },
    );
    t.notMatch(JSON.stringify(service.lines), /ada@/);

    const ready = async () => {
      const answer = await fetch(`${service.url}/health/ready`);
      return { status: answer.status, body: await answer.text() };
    };
    t.match(await ready(), {
      status: 503,
      body: /schema-mismatch \(createCustomer requires (firstName|timezone), which was not given\): Fluent SANDBOX/,
    });

    await fluent.changeSchema({});
    t.ok(
      await until(async () => {
        clock.pass(2_000);
        return (await ready()).status === 200;
      }),
      'ready again after the correction, without a push',
    );
    t.equal((await sendPush(service.push, changeOf(customer))).status, 204);
    t.equal(fluent.customers.size, 1);
  },
);

t.test('reports an account without updateCustomer', async (t) => {
  const upstreams = await startUpstreams(t);
  const { commercetools, fluent } = upstreams;
  await fluent.changeSchema({ withoutUpdate: true, closed: true });
  const service = await connect(t, upstreams);
  const customer = await commercetools.createCustomer({ email: 'ada@example.com', password: 'secret' });
  fluent.seed({ username: customer.id, primaryEmail: 'old@example.com', attributes: [] });
  const { status, body } = await sendPush(service.push, changeOf(customer));
  t.equal(status, 503);
  t.match(JSON.parse(body), { reason: 'schema-mismatch', detail: /there is no mutation updateCustomer/ });
});
