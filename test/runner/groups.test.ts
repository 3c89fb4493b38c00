import { existsSync } from 'node:fs';
import t from 'tap';
import { groupsOf, LONGEST } from './groups.ts';

t.test('the longest begin first and alone, the others with those of their folder', async (t) => {
  const [first = '', second = ''] = LONGEST;
  t.strictSame(groupsOf(['test/one/a.test.ts', second, 'test/two/b.test.ts', first, 'test/two/c.test.ts']), [
    { name: first, files: [first] },
    { name: second, files: [second] },
    { name: 'test/two', files: ['test/two/b.test.ts', 'test/two/c.test.ts'] },
    { name: 'test/one', files: ['test/one/a.test.ts'] },
  ]);
});

for (const file of LONGEST) t.ok(existsSync(file), file);
