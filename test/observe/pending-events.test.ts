import t from 'tap';
import { PendingEvents } from '../../src/observe/pending-events.ts';
import { changeOf, connect, startUpstreams } from '../sandbox/connected.ts';
import { sendPush } from '../sandbox/push.ts';
import { until } from '../sandbox/until.ts';

const MINUTE = 60_000;

function withClock(limit?: number) {
  let now = Date.parse('2026-01-01T12:00:00.000Z');
  const start = now;
  return {
    pending: new PendingEvents(limit, () => now),
    pass: (milliseconds: number) => (now += milliseconds),
    /** An event whose change is this number of milliseconds older than the start. */
    event: (identity: string, age = 0) => ({ identity, occurredAt: new Date(start - age).toISOString() }),
  };
}

t.test('the oldest is the event that is not done, until it is done', async (t) => {
  const { pending, pass, event } = withClock();
  t.equal(pending.oldest(), 0);
  pending.add(event('old', 5 * MINUTE));
  pending.add(event('new'));
  pending.settle(event('new'), { kind: 'done' }, false);
  t.equal(pending.oldest(), 5 * MINUTE);
  pending.settle(event('old'), { kind: 'failed' }, false);
  pass(90 * MINUTE);
  t.equal(pending.oldest(), 95 * MINUTE, 'nothing gets done, so nothing is forgotten');
  pending.add(event('old', 5 * MINUTE));
  pending.settle(event('old'), { kind: 'done' }, false);
  t.same([pending.oldest(), pending.size], [0, 0]);
});

t.test('ignored, rejected and dead-lettered events are not pending', async (t) => {
  const { pending, event } = withClock();
  for (const kind of ['ignored', 'rejected'] as const) {
    pending.add(event(kind, MINUTE));
    pending.settle(event(kind), { kind }, false);
  }
  pending.add(event('given up', MINUTE));
  pending.settle(event('given up'), { kind: 'failed' }, true);
  t.equal(pending.size, 0);
});

t.test(
  'a failed event that is not delivered again counts as done elsewhere, when other events are done',
  async (t) => {
    const { pending, pass, event } = withClock();
    pending.add(event('moved', MINUTE));
    pending.settle(event('moved'), { kind: 'failed' }, false);
    pass(21 * MINUTE);
    pending.add(event('next'));
    pending.settle(event('next'), { kind: 'done' }, false);
    t.equal(pending.size, 0);
  },
);

t.test('an event without a time, or from the future, is as old as its delivery', async (t) => {
  const { pending, pass, event } = withClock();
  pending.add({ identity: 'untimed' });
  pending.add(event('future', -5 * MINUTE));
  pass(MINUTE);
  t.equal(pending.oldest(), MINUTE);
});

t.test('keeps a bounded number of events, and the oldest of all', async (t) => {
  const { pending, event } = withClock(100);
  pending.add(event('middle', 5 * MINUTE));
  pending.add(event('oldest', 60 * MINUTE));
  for (let index = 0; index < 1_000; index += 1) pending.add(event(`event-${index}`, index));
  t.equal(pending.size, 100);
  t.equal(pending.oldest(), 60 * MINUTE);
});

t.test('in an outage of Fluent, metrics and page show the age of the oldest pending event', async (t) => {
  const upstreams = await startUpstreams(t);
  const { commercetools, fluent } = upstreams;
  const service = await connect(t, upstreams);
  const customer = await commercetools.createCustomer({ email: 'ada@example.com', password: 'secret' });
  const change = { ...changeOf(customer), modifiedAt: new Date(Date.now() - 3_600_000).toISOString() };
  fluent.faults.on({ kind: 'permission' });
  t.equal((await sendPush(service.push, change)).status, 503);

  const seconds = async () => {
    const text = await (await fetch(`${service.url}/metrics`)).text();
    return Number(/^customer_sync_oldest_pending_seconds (.*)$/m.exec(text)?.[1]);
  };
  t.ok((await seconds()) >= 3_600, 'an hour, though nothing got done');
  fluent.faults.off();
  t.equal((await sendPush(service.push, change)).status, 204);
  // The text is generated at most once a second.
  t.ok(await until(async () => (await seconds()) === 0));
});
