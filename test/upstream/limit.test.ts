import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { ConcurrencyLimit } from '../../src/upstream/concurrency-limit.ts';

t.test('is halved by a refusal, at most once a second, and stays at least one', async (t) => {
  let now = 0;
  const limit = new ConcurrencyLimit(8, () => now);
  limit.lower();
  limit.lower();
  t.equal(limit.current, 4, 'one burst of refusals is one message');
  for (const expected of [2, 1, 1]) {
    now += 1_000;
    limit.lower();
    t.equal(limit.current, expected);
  }
});

t.test('is raised by successes, up to its start value', async (t) => {
  const limit = new ConcurrencyLimit(4);
  limit.lower();
  t.equal(limit.current, 2);
  for (let successes = 0; successes < 39; successes += 1) limit.succeeded();
  t.equal(limit.current, 2);
  limit.succeeded();
  t.equal(limit.current, 3);
  for (let successes = 0; successes < 1_000; successes += 1) limit.succeeded();
  t.equal(limit.current, 4);
});

t.test('runs as many tasks as there are slots, those with a higher priority first', async (t) => {
  const limit = new ConcurrencyLimit(1);
  const order: string[] = [];
  const first = Promise.withResolvers<void>();
  const task =
    (name: string, end = Promise.resolve()) =>
    async () => {
      order.push(name);
      await end;
    };
  const all = [
    limit.run(task('first', first.promise), 0),
    limit.run(task('low'), 0),
    limit.run(task('high'), 2),
    limit.run(task('middle'), 1),
  ];
  await turn();
  t.equal(limit.inFlight, 1);
  t.equal(limit.waiting, 3);
  first.resolve();
  await Promise.all(all);
  t.strictSame(order, ['first', 'high', 'middle', 'low']);
});
