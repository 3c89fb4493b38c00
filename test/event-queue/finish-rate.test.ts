import t from 'tap';
import { FinishRate } from '../../src/event-queue/finish-rate.ts';

/** A rate over eight seconds, on the test's clock. */
function setUp(size: number) {
  const clock = { now: 5_000 };
  const rate = new FinishRate(8_000, () => clock.now);
  for (let event = 0; event < size; event += 1) rate.add();
  /** Each second this number of events is finished, and as many arrive. */
  function pass(seconds: number, perSecond: number): void {
    for (let event = 0; event < seconds * perSecond; event += 1) {
      clock.now += 1_000 / perSecond;
      rate.finish();
      rate.add();
    }
  }
  return { clock, rate, pass };
}

const near = (one: number, other: number) => Math.abs(one - other) < 0.15 * other;

t.test('estimates how long the events in the queue take', (t) => {
  for (const { size, perSecond } of [
    { size: 100, perSecond: 20 },
    { size: 1_000, perSecond: 100 },
    { size: 7, perSecond: 70 },
  ]) {
    const { rate, pass } = setUp(size);
    pass(20, perSecond);
    t.ok(near(rate.wait, (size / perSecond) * 1_000), `${size} at ${perSecond} a second: ${rate.wait}`);
  }
  t.end();
});

t.test('has no estimate while the queue has just been filled', (t) => {
  const { clock, rate, pass } = setUp(10);
  pass(20, 5);
  for (let event = 0; event < 90; event += 1) rate.add();
  t.equal(rate.wait, 0, 'ten were finished at that rate, not a hundred');
  clock.now += 3_000;
  t.equal(rate.wait, 0, 'what was added may be in flight still');
  pass(10, 50);
  t.ok(near(rate.wait, 2_000), String(rate.wait));
  t.end();
});

t.test('follows a changing rate', (t) => {
  const { rate, pass } = setUp(100);
  pass(20, 50);
  t.ok(near(rate.wait, 2_000), String(rate.wait));
  pass(6, 10);
  t.ok(near(rate.wait, 10_000), String(rate.wait));
  t.end();
});

t.test('is infinite if nothing is finished, and zero if nothing waits', (t) => {
  const { clock, rate } = setUp(1);
  clock.now += 20_000;
  t.equal(rate.wait, Number.POSITIVE_INFINITY);
  rate.finish();
  t.equal(rate.wait, 0);
  t.end();
});

t.test('has no window if the queue has no longest wait', (t) => {
  const rate = new FinishRate(Number.POSITIVE_INFINITY);
  rate.add();
  t.equal(rate.wait, 0);
  t.end();
});
