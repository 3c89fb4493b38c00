import t from 'tap';
import { growth, slope } from './samples.ts';

const over = (sizes: readonly number[]) =>
  sizes.map((resident, index) => ({ seconds: index * 36, resident, anonymous: 0 }));

t.test('reports no growth for constant memory', async (t) => {
  t.equal(growth([100, 104, 96, 100, 104, 96, 100, 104, 96]), 0);
  t.equal(slope(over([100, 100, 100])), 0);
});

t.test('reports growing memory', async (t) => {
  t.equal(growth([100, 100, 110, 110, 120, 120]).toFixed(2), '0.20');
  t.equal(slope(over([100, 101, 102, 103])).toFixed(2), '100.00', 'a megabyte each hundredth of an hour');
});

t.test('reports nothing without samples', async (t) => {
  t.equal(growth([]), 0);
  t.equal(slope([]), 0);
});
