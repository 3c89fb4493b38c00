import { existsSync } from 'node:fs';
import t from 'tap';
import { groupsOf, LONGEST } from './groups.ts';

t.test('the longest begin first and alone, the others share processes', async (t) => {
  const [first = '', second = ''] = LONGEST;
  const others = ['a/1', 'a/2', 'b/3', 'c/4', 'c/5'].map((name) => `test/${name}.test.ts`);
  t.strictSame(groupsOf([others[0] ?? '', second, ...others.slice(1), first], 2), [
    { name: first, files: [first] },
    { name: second, files: [second] },
    { name: 'test/a to test/b', files: others.slice(0, 3) },
    { name: 'test/c', files: others.slice(3) },
  ]);
  const byTurns = groupsOf([...LONGEST, ...others], 2).slice(4, 8);
  t.match(
    byTurns.map(({ name }) => name),
    ['test/a to test/b', LONGEST[4], 'test/c', LONGEST[5]],
  );
  t.equal(groupsOf(others, 4).flatMap(({ files }) => files).length, 5, 'none is left out');
});

for (const file of LONGEST) t.ok(existsSync(file), file);
