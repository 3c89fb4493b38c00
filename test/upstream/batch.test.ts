import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { batch } from '../../src/upstream/batch.ts';

/** A loader whose batches end when the test releases them. */
function setUp(size: number, window = 1) {
  const batches: {
    keys: readonly string[];
    end(values?: (string | Error)[]): void;
    fail(error: Error): void;
  }[] = [];
  const load = batch<string, string>({
    size,
    window,
    load: (keys) => {
      const { promise, resolve, reject } = Promise.withResolvers<(string | Error)[]>();
      const end = (values = keys.map((key) => `value of ${key}`)) => resolve(values);
      batches.push({ keys, end, fail: reject });
      return promise;
    },
  });
  return { load, batches, sent: () => batches.map(({ keys }) => keys.join()) };
}

t.test('sends one key alone in the same turn of the event loop', async (t) => {
  const { load, batches, sent } = setUp(100);
  const value = load('a');
  await turn();
  t.strictSame(sent(), ['a']);
  batches[0]?.end();
  t.equal(await value, 'value of a');
});

t.test('sends the keys of one turn together', async (t) => {
  const { load, sent } = setUp(100);
  for (const key of ['a', 'b']) void load(key);
  await Promise.resolve();
  void load('c');
  await turn();
  t.strictSame(sent(), ['a,b,c']);
});

t.test('holds keys while the window is full, and sends them when a batch returns', async (t) => {
  const { load, batches, sent } = setUp(100);
  void load('a');
  await turn();
  for (const key of ['b', 'c', 'd']) {
    void load(key);
    await turn();
  }
  t.strictSame(sent(), ['a']);
  batches[0]?.end();
  await turn();
  t.strictSame(sent(), ['a', 'b,c,d']);
});

t.test('sends each key immediately while fewer batches are in flight than the window allows', async (t) => {
  const { load, batches, sent } = setUp(100, 3);
  for (const key of ['a', 'b', 'c', 'd', 'e']) {
    void load(key).catch(() => {});
    await turn();
  }
  t.strictSame(sent(), ['a', 'b', 'c']);
  batches[1]?.end();
  await turn();
  t.strictSame(sent(), ['a', 'b', 'c', 'd,e']);
  void load('f');
  await turn();
  t.equal(batches.length, 4, 'the window is full again');
  batches[0]?.fail(new Error('down'));
  await turn();
  t.strictSame(sent(), ['a', 'b', 'c', 'd,e', 'f'], 'a batch that fails makes room as well');
});

t.test('sends a full batch immediately, although the window is full', async (t) => {
  const { load, batches, sent } = setUp(2);
  void load('a');
  await turn();
  for (const key of ['b', 'c', 'd']) void load(key);
  await turn();
  t.strictSame(sent(), ['a', 'b,c']);
  batches[0]?.end();
  await turn();
  t.strictSame(sent(), ['a', 'b,c'], 'the rest waits while the window is full');
  batches[1]?.end();
  await turn();
  t.strictSame(sent(), ['a', 'b,c', 'd']);
});

t.test('never waits with a batch size of 1', async (t) => {
  const { load, sent } = setUp(1);
  void load('a');
  await turn();
  void load('b');
  await turn();
  t.strictSame(sent(), ['a', 'b']);
  for (const key of ['c', 'd', 'e']) void load(key);
  await turn();
  t.strictSame(sent(), ['a', 'b', 'c', 'd', 'e']);
});

t.test('splits more keys than fit into a batch', async (t) => {
  const { load, batches } = setUp(3);
  const values = Promise.all(Array.from({ length: 7 }, (_, index) => load(`k${index}`)));
  for (let ended = 0; ended < 3; ended += 1) {
    await turn();
    batches[ended]?.end();
  }
  await values;
  t.strictSame(
    batches.map(({ keys }) => keys.length),
    [3, 3, 1],
  );
});

t.test('returns a value or an error for each key, in order', async (t) => {
  const { load, batches } = setUp(100);
  const results = Promise.allSettled(['a', 'b', 'a'].map((key) => load(key)));
  await turn();
  t.strictSame(batches[0]?.keys, ['a', 'b', 'a'], 'a key that is asked for twice is not remembered');
  batches[0]?.end(['first', new Error('not there'), 'third']);
  t.match(await results, [
    { status: 'fulfilled', value: 'first' },
    { status: 'rejected', reason: { message: 'not there' } },
    { status: 'fulfilled', value: 'third' },
  ]);
});

t.test('rejects all keys of a failed batch, and no others', async (t) => {
  const { load, batches } = setUp(100);
  const failing = Promise.allSettled([load('a'), load('b')]);
  await turn();
  const next = load('c');
  batches[0]?.fail(new Error('down'));
  t.match(await failing, [{ reason: { message: 'down' } }, { reason: { message: 'down' } }]);
  await turn();
  batches[1]?.end();
  t.equal(await next, 'value of c');
});
