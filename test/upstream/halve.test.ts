import t from 'tap';
import { BatchSize, halve } from '../../src/upstream/batch.ts';

/** Loads at most `most` keys in a request, and fails for a bad key; records the requests. */
function setUp({ most = 100, bad = '' }: { most?: number; bad?: string }) {
  const requests: string[] = [];
  const load = async (keys: readonly string[]) => {
    requests.push(keys.join(''));
    if (keys.length > most || keys.includes(bad)) throw new Error('refused');
    return keys.map((key) => key.toUpperCase());
  };
  return { requests, load };
}

const always = () => true;

t.test('sends one request if nothing is refused', async (t) => {
  const { requests, load } = setUp({});
  t.strictSame(await halve(['a', 'b', 'c'], load, always), ['A', 'B', 'C']);
  t.strictSame(requests, ['abc']);
});

t.test('halves a request that is too large, and returns values in order', async (t) => {
  const { requests, load } = setUp({ most: 2 });
  t.strictSame(await halve(['a', 'b', 'c', 'd', 'e'], load, always), ['A', 'B', 'C', 'D', 'E']);
  t.strictSame(requests, ['abcde', 'abc', 'de', 'ab', 'c']);
});

t.test('returns the error for the one key that causes it', async (t) => {
  const { load } = setUp({ bad: 'c' });
  t.match(await halve(['a', 'b', 'c', 'd'], load, always), ['A', 'B', { message: 'refused' }, 'D']);
});

t.test('returns the error for all keys if halving cannot help', async (t) => {
  const { requests, load } = setUp({ bad: 'c' });
  const error = { message: 'refused' };
  t.match(await halve(['a', 'b', 'c'], load, () => false), [error, error, error]);
  t.strictSame(requests, ['abc']);
});

t.test('remembers for ten minutes how many keys are too many', (t) => {
  let now = 1_000_000;
  const size = new BatchSize(100, () => now);
  t.equal(size.current, 100);
  size.refuse(100);
  size.refuse(50);
  size.refuse(80);
  t.equal(size.current, 25);
  t.strictSame(
    size.split(Array.from({ length: 60 }, (_, index) => index)).map(({ length }) => length),
    [25, 25, 10],
  );
  for (let refused = 0; refused < 10; refused += 1) size.refuse(size.current);
  t.equal(size.current, 1, 'one key is never too many');
  now += 600_000;
  t.equal(size.current, 100);
  t.end();
});
