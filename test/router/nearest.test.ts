import t from 'tap';
import { nearest } from '../../src/router/nearest.ts';

const known = ['clientId', 'clientSecret', 'projectKey', 'handler'];
const cases = [
  { name: 'finds a name with a letter missing', input: 'clientSecrt', expected: 'clientSecret' },
  { name: 'finds a name in other capitals', input: 'projectkey', expected: 'projectKey' },
  { name: 'finds the closest of two', input: 'clientIds', expected: 'clientId' },
  { name: 'finds a plural', input: 'handlers', expected: 'handler' },
  { name: 'finds nothing that is far off', input: 'region', expected: undefined },
];

for (const { name, input, expected } of cases) {
  t.test(name, async (t) => {
    t.equal(nearest(input, known), expected);
  });
}

t.test('finds nothing among nothing', async (t) => {
  t.equal(nearest('x', []), undefined);
});

t.test('finds what begins with the name, the closest first', async (t) => {
  t.equal(nearest('upper', ['uppercaseLetters', 'uppercase', 'lowercase']), 'uppercase');
  t.equal(nearest('up', ['uppercase']), undefined);
});
