import t from 'tap';
import { shareFor } from '../../src/http/share-for.ts';

t.test('reads once for all callers within the time, and again after it', async (t) => {
  let now = 0;
  let reads = 0;
  const read = shareFor(
    1_000,
    async () => {
      reads += 1;
      return reads;
    },
    () => now,
  );
  t.same(await Promise.all([read(), read(), read()]), [1, 1, 1]);
  now = 999;
  t.equal(await read(), 1);
  now = 1_000;
  t.equal(await read(), 2);
});

t.test('does not cache a failure', async (t) => {
  let fails = true;
  const read = shareFor(1_000, async () => {
    if (fails) throw new Error('Not now.');
    return 'text';
  });
  await t.rejects(read(), { message: 'Not now.' });
  fails = false;
  t.equal(await read(), 'text');
});
