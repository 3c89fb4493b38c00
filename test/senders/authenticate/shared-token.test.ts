import t from 'tap';
import { createAuthenticate } from '../../../src/senders/authenticate/authenticate.ts';

const cases = [
  { name: 'the token as a bearer token', authorization: 'Bearer new-token', expected: 200 },
  { name: 'the token with the scheme in lower case', authorization: 'bearer new-token', expected: 200 },
  { name: 'the token as ?token=', queryToken: 'new-token', expected: 200 },
  { name: 'the token that is being replaced', queryToken: 'old-token', expected: 200 },
  {
    name: 'the token as ?token= beside another header',
    authorization: 'Bearer x.y.z',
    queryToken: 'old-token',
    expected: 200,
  },
  { name: 'nothing', expected: 401 },
  { name: 'an empty token', queryToken: '', expected: 401 },
  { name: 'an empty bearer token', authorization: 'Bearer ', expected: 401 },
  { name: 'another scheme', authorization: 'Basic new-token', expected: 401 },
  { name: 'a wrong token', queryToken: 'new-tokem', expected: 401 },
  { name: 'the beginning of a token', authorization: 'Bearer new', expected: 401 },
  { name: 'more than a token', queryToken: 'new-token1', expected: 401 },
  { name: 'both tokens as the setting holds them', queryToken: 'old-token,new-token', expected: 401 },
  { name: 'an overlong token', authorization: `Bearer ${'x'.repeat(5000)}`, expected: 401 },
];

for (const { name, authorization, queryToken, expected } of cases) {
  t.test(`${expected === 200 ? 'accepts' : 'refuses'} ${name}`, async (t) => {
    const authenticate = await createAuthenticate({ kind: 'token', tokens: ['old-token', 'new-token'] });
    const verdict = authenticate({ authorization, queryToken });
    t.notOk(verdict instanceof Promise, 'answers synchronously');
    const resolved = await verdict;
    t.equal(resolved === 'accepted' ? 200 : resolved.status, expected);
  });
}

t.test('distinguishes missing credentials from wrong ones, and quotes neither', async (t) => {
  const authenticate = await createAuthenticate({ kind: 'token', tokens: ['s3cret-one'] });
  const missing = await authenticate({ authorization: undefined, queryToken: undefined });
  const wrong = await authenticate({ authorization: undefined, queryToken: 's3cret-two' });
  t.match(missing, { status: 401, reason: 'no-credentials' });
  t.match(wrong, { status: 401, reason: 'wrong-token' });
  t.notMatch(JSON.stringify([missing, wrong]), /s3cret/);
});

t.test('lets nobody in when the list of tokens is empty or holds an empty one', async (t) => {
  for (const tokens of [[], ['']]) {
    const authenticate = await createAuthenticate({ kind: 'token', tokens });
    t.match(await authenticate({ authorization: 'Bearer ', queryToken: '' }), { status: 401 });
    t.match(await authenticate({ authorization: 'Bearer x', queryToken: undefined }), { status: 401 });
  }
});

t.test('accepts everybody when no authentication has been chosen', async (t) => {
  const authenticate = await createAuthenticate({ kind: 'none' });
  t.equal(authenticate({ authorization: undefined, queryToken: undefined }), 'accepted');
});
