import t from 'tap';
import { nearest } from '../../src/router/nearest.ts';

const known = ['clientId', 'clientSecret', 'projectKey', 'handler'];
const cases = [
  { name: 'finds a name with a missing letter', input: 'clientSecrt', expected: 'clientSecret' },
  { name: 'finds a name with another case', input: 'projectkey', expected: 'projectKey' },
  { name: 'finds the more similar of two', input: 'clientIds', expected: 'clientId' },
  { name: 'finds a plural', input: 'handlers', expected: 'handler' },
  { name: 'finds nothing that is not similar', input: 'region', expected: undefined },
];

for (const { name, input, expected } of cases) {
  t.test(name, async (t) => {
    t.equal(nearest(input, known), expected);
  });
}

t.test('finds nothing in an empty list', async (t) => {
  t.equal(nearest('x', []), undefined);
});

t.test('finds names that start with the name, the most similar first', async (t) => {
  t.equal(nearest('upper', ['uppercaseLetters', 'uppercase', 'lowercase']), 'uppercase');
  t.equal(nearest('up', ['uppercase']), undefined);
});
