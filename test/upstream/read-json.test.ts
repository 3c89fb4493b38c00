import t from 'tap';
import { readJson, readObject } from '../../src/upstream/exchange.ts';

t.test('reads JSON of any kind', async (t) => {
  for (const value of [{ a: 1 }, [1], 'text', 0, null])
    t.strictSame(readJson('Upstream', JSON.stringify(value)), value);
  t.strictSame(readObject('Upstream', '{"a":1}'), { a: 1 });
});

const CASES = [
  { name: 'a page', text: '<html>secret</html>', read: readJson },
  { name: 'nothing', text: '', read: readJson },
  { name: 'half an answer', text: '{"secret":', read: readJson },
  { name: 'a page instead of an object', text: '<html>secret</html>', read: readObject },
  { name: 'an array', text: '["secret"]', read: readObject },
  { name: 'null', text: 'null', read: readObject },
];

for (const { name, text, read } of CASES)
  t.test(`treats ${name} as a transient fault, and does not quote it`, async (t) => {
    try {
      read('Upstream', text);
      t.fail('expected a fault');
    } catch (error) {
      t.match(error, { kind: 'transient', reason: 'unreadable-answer' });
      t.notMatch(String(error) + JSON.stringify(error), /secret/);
    }
  });
