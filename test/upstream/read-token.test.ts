import t from 'tap';
import { readToken } from '../../src/upstream/token-source.ts';

const answer = (status: number, body: unknown, retryAfterSeconds?: number) => ({
  status,
  retryAfterSeconds,
  correlationId: 'test-read-token',
  text: typeof body === 'string' ? body : JSON.stringify(body),
});

t.test('reads the token and its lifetime', async (t) => {
  const body = { access_token: 'abc', expires_in: 172_800, token_type: 'bearer' };
  t.strictSame(readToken('Upstream', answer(200, body)), { value: 'abc', lifetimeSeconds: 172_800 });
});

t.test('assumes a lifetime of one hour for a token without one', async (t) => {
  t.equal(readToken('Upstream', answer(200, { access_token: 'abc' })).lifetimeSeconds, 3_600);
});

const CASES = [
  ...[400, 401, 403].map((status) => ({
    name: `a ${status}`,
    answer: answer(status, 'private-body'),
    expected: { kind: 'refused', reason: 'credentials-refused' },
  })),
  { name: 'a 408', answer: answer(408, 'private-body'), expected: { kind: 'transient' } },
  {
    name: 'a 429',
    answer: answer(429, 'private-body', 9),
    expected: { kind: 'throttled', retryAfterSeconds: 9 },
  },
  {
    name: 'a 503',
    answer: answer(503, 'private-body'),
    expected: { kind: 'transient', reason: 'upstream-error' },
  },
  {
    name: 'a page',
    answer: answer(200, '<private-body>'),
    expected: { kind: 'transient', reason: 'unreadable-answer' },
  },
  {
    name: 'an answer without a token',
    answer: answer(200, { private: 'body' }),
    expected: { kind: 'transient', reason: 'unreadable-answer' },
  },
  { name: 'an empty token', answer: answer(200, { access_token: '' }), expected: { kind: 'transient' } },
  {
    name: 'a token that has expired already',
    answer: answer(200, { access_token: 'private-body', expires_in: 0 }),
    expected: { kind: 'transient' },
  },
];

for (const { name, answer, expected } of CASES)
  t.test(`classifies ${name}, and does not quote it`, async (t) => {
    try {
      readToken('Upstream', answer);
      t.fail('expected a fault');
    } catch (error) {
      t.match(error, expected);
      t.notMatch(String(error) + JSON.stringify(error), /private/);
    }
  });

t.test('adds what to check for a known error code, and quotes no other code', async (t) => {
  const advice = { invalid_scope: 'check the scopes.' };
  const refused = (body: unknown, status = 400) => {
    try {
      return readToken('Upstream', answer(status, body), advice);
    } catch (error) {
      return error;
    }
  };
  t.match(refused({ error: 'invalid_scope', error_description: 'private-description' }), {
    kind: 'refused',
    reason: 'credentials-refused',
    message: 'Upstream refused the credentials (HTTP 400 invalid_scope); check the scopes.',
  });
  for (const error of ['private-code', 'toString', 7])
    t.match(refused({ error }, 401), {
      message:
        "Upstream refused the credentials (HTTP 401); check the account's client id, secret, user and password.",
    });
});
