import { connect as connectSocket } from 'node:net';
import t from 'tap';
import { changeOf, startUpstreams } from '../sandbox/connected.ts';
import { startProcess } from '../sandbox/process.ts';
import { sendPush } from '../sandbox/push.ts';
import { until } from '../sandbox/until.ts';

t.jobs = 2;

t.test(
  'finishes the events in flight on SIGTERM, answers the others 503, and exits with 0',
  { buffered: true },
  async (t) => {
    const upstreams = await startUpstreams(t);
    const { commercetools, fluent } = upstreams;
    const service = await startProcess(t, upstreams.env);
    const customer = await commercetools.createCustomer({ email: 'down@example.com', password: 'secret' });
    const release = fluent.faults.hold('mutation');
    // A connection without a request must not keep the process alive.
    const idle = connectSocket(Number(new URL(service.url).port), '127.0.0.1');
    t.teardown(() => idle.destroy());
    idle.on('error', () => {});

    const inFlight = sendPush(`${service.url}/push`, changeOf(customer));
    t.ok(await until(() => fluent.requests.mutation.requests === 1));
    const ended = service.stop('SIGTERM');
    t.ok(await until(() => service.lines.some(({ message }) => String(message).includes('Shutting down'))));
    const refused = await sendPush(`${service.url}/push`, changeOf(customer));
    t.equal(refused.status, 503);
    t.match(refused.headers.get('retry-after'), /^[1-9]/);
    t.match(JSON.parse(refused.body), { reason: 'draining' });
    t.equal((await fetch(`${service.url}/health/ready`)).status, 503);
    release();
    t.equal((await inFlight).status, 204);
    t.ok(fluent.customers.has(customer.id));
    t.match(await ended, { code: 0, signal: null, stderr: '' });
  },
);

t.test('answers events that do not finish within the grace period 503', { buffered: true }, async (t) => {
  const upstreams = await startUpstreams(t);
  const { commercetools, fluent } = upstreams;
  const service = await startProcess(t, { ...upstreams.env, ACK_DEADLINE_SECONDS: '60' });
  const customer = await commercetools.createCustomer({ email: 'hang@example.com', password: 'secret' });
  fluent.faults.on({ kind: 'hang', only: 'mutation' });
  const hanging = sendPush(`${service.url}/push`, changeOf(customer));
  t.ok(await until(() => fluent.requests.mutation.requests === 1));
  const ended = service.stop('SIGTERM');
  const { status, headers } = await hanging;
  t.equal(status, 503);
  t.match(headers.get('retry-after'), /^[1-9]/);
  t.match(await ended, { code: 0, signal: null });
  t.match(service.lines.at(-1), { severity: 'WARNING', message: /^Events not finished: 1 delivered again/ });
});
