import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import t, { type Test } from 'tap';
import { Conflict, NotThere } from '../../src/fluent/fluent.ts';
import { outcomeOf } from '../../src/outcome.ts';
import { draft, openFluent } from './open.ts';

const SECRET = 'Amba Birkvale';
const CREDENTIALS = { clientId: 'i', clientSecret: 's', username: 'u', password: 'p' };

/** A Fluent that answers every operation with the same response, and counts. */
async function startAnswering(t: Test, body: unknown, status = 200) {
  const seen = { tokens: 0, operations: 0, headers: [] as IncomingHttpHeaders[] };
  const server = createServer((request, response) => {
    void text(request).then(() => {
      seen.headers.push(request.headers);
      const token = request.url === '/oauth/token';
      seen[token ? 'tokens' : 'operations'] += 1;
      const answer = token ? { access_token: `token-${seen.tokens}`, expires_in: 3600 } : body;
      response.writeHead(token ? 200 : status).end(JSON.stringify(answer));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { seen, url: `http://127.0.0.1:${port}`, credentials: CREDENTIALS };
}

interface Expected {
  readonly kind: 'failed' | 'rejected' | 'conflict' | 'not-there';
  readonly reason?: string;
  /** The number of requests before it gives up, for an error of the whole request. */
  readonly tries?: number;
  /** The same for an error of one write, if it differs. */
  readonly triesWithPath?: number;
  readonly retryAfterSeconds?: number;
  readonly readiness?: 'off';
}

const refused: Expected = { kind: 'rejected', reason: 'refused-by-fluent' };
const passing: Expected = { kind: 'failed', reason: 'upstream-error', tries: 3, triesWithPath: 1 };
const misconfigured: Expected = { kind: 'failed', reason: 'fluent-misconfigured' };

const CODES: Readonly<Record<string, Expected>> = {
  C0001E: { kind: 'rejected', reason: 'too-complex' },
  C0003E: { kind: 'failed', reason: 'fluent-starting', retryAfterSeconds: 60 },
  C0011E: { kind: 'failed', reason: 'rate-limited', retryAfterSeconds: 60 },
  C0020E: { kind: 'failed', reason: 'permission-missing', readiness: 'off' },
  C0100E: refused,
  C0101E: refused,
  C0102E: refused,
  C0103E: refused,
  C0120E: { kind: 'not-there' },
  C0121E: { kind: 'conflict' },
  C0123E: { kind: 'conflict' },
  // The second request checks whether the schema is the cause.
  C0140E: { ...refused, tries: 2 },
  C0141E: refused,
  S0001E: misconfigured,
  S0030E: misconfigured,
  S0002E: passing,
  S0020E: passing,
  S0040E: { kind: 'failed', reason: 'credentials-refused', tries: 2, readiness: 'off' },
  T0001E: passing,
  T9999W: passing,
  C9999E: { kind: 'failed', reason: 'fluent-error' },
};

const FORMS = ['extensions', 'message', 'path'] as const;

function answerOf(code: string, form: (typeof FORMS)[number]) {
  const coded = { message: `About ${SECRET}.`, extensions: { code } };
  switch (form) {
    case 'extensions':
      return { data: null, errors: [coded] };
    case 'message':
      return { data: null, errors: [{ message: `[${code}] about ${SECRET}` }] };
    case 'path':
      return { data: { w0: null }, errors: [{ ...coded, path: ['w0'] }] };
  }
}

function kindOf(error: unknown): object {
  if (error instanceof Conflict) return { kind: 'conflict' };
  if (error instanceof NotThere) return { kind: 'not-there' };
  return outcomeOf(error);
}

for (const form of FORMS)
  t.test(`maps each code by Fluent's table (code in: ${form})`, async (t) => {
    await Promise.all(
      Object.entries(CODES).map(async ([code, expected]) => {
        const server = await startAnswering(t, answerOf(code, form));
        const { fluent, accepted, lines } = openFluent(t, server);
        const error = await fluent.createCustomer(draft('one')).catch((error) => error);
        const { tries = 1, triesWithPath = tries, readiness, ...outcome } = expected;
        t.match(kindOf(error), outcome, code);
        t.equal(server.seen.operations, form === 'path' ? triesWithPath : tries, `${code}: tries`);
        t.equal(accepted.at(-1), readiness !== 'off', `${code}: readiness`);
        t.equal(server.seen.tokens, code === 'S0040E' ? 2 : 1, `${code}: tokens`);
        t.notMatch(`${inspect(error)}${lines.join('')}`, SECRET, `${code}: quotes nothing`);
        t.notMatch(inspect(error), /token-\d/, `${code}: holds no token`);
      }),
    );
  });

t.test('"already exists" is a conflict, for any code', async (t) => {
  const server = await startAnswering(t, { errors: [{ message: 'Customer already exists' }] });
  await t.rejects(openFluent(t, server).fluent.createCustomer(draft('one')), { name: 'Conflict' });
});

t.test('an invalid response is a failure, never a success', async (t) => {
  const cases = [
    { body: {}, reason: 'unreadable-answer' },
    { body: { data: {} }, reason: 'unreadable-answer' },
    { body: { data: { w0: null } }, reason: 'unreadable-answer' },
    { body: [], reason: 'http-200' },
    { body: { data: 'text' }, reason: 'http-200' },
    { body: { error: 'none' }, status: 404, reason: 'http-404' },
    { body: { errors: [{ message: 'odd' }] }, status: 400, reason: 'fluent-error' },
    { body: { data: { w0: { username: 'one' } }, errors: [{ message: 'odd' }] }, reason: 'fluent-error' },
  ];
  for (const { body, status, reason } of cases) {
    const server = await startAnswering(t, body, status);
    const error = await openFluent(t, server)
      .fluent.createCustomer(draft('one'))
      .catch((error) => error);
    t.match(outcomeOf(error), { kind: 'failed', reason }, JSON.stringify(body));
  }
});

t.test('sends the account and the token in its headers', async (t) => {
  const server = await startAnswering(t, { data: { w0: { username: 'one' } } });
  await openFluent(t, server, { account: 'FCT' }).fluent.createCustomer(draft('one'));
  await openFluent(t, server).fluent.createCustomer(draft('one'));
  const [token, write, ...without] = server.seen.headers;
  t.match(token, { 'fluent.account': 'FCT', 'content-type': 'application/x-www-form-urlencoded' });
  t.match(write, { 'fluent.account': 'FCT', authorization: 'Bearer token-1' });
  t.ok(without.every((headers) => headers['fluent.account'] === undefined));
});
