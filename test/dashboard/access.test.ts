import { hash } from 'node:crypto';
import t, { type Test } from 'tap';
import { createAccess } from '../../src/dashboard/access.ts';
import { isLocalVisit, isLoopback } from '../../src/dashboard/local-visit.ts';
import { SESSION_SECONDS } from '../../src/dashboard/sessions.ts';

const near = { remoteAddress: '127.0.0.1', httpVersion: '1.1', headers: { host: 'localhost:8080' } };
const TOKEN = 'a-token-of-the-page';

for (const [host, expected] of [
  ['localhost', true],
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['[::1]', true],
  ['::ffff:127.0.0.1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['', false],
  ['127.0.0.1.example.com', false],
  ['localhost.example.com', false],
  ['10.0.0.1', false],
] as const)
  t.test(`${expected ? 'takes' : 'does not take'} ${host || 'nothing'} for this machine`, async (t) => {
    t.equal(isLoopback(host), expected);
  });

const BROWSER = {
  accept: 'text/html',
  'accept-encoding': 'gzip, deflate, br',
  'accept-language': 'en',
  'cache-control': 'max-age=0',
  connection: 'keep-alive',
  dnt: '1',
  host: '127.0.0.1:8080',
  'sec-fetch-site': 'none',
  'upgrade-insecure-requests': '1',
  'user-agent': 'Mozilla/5.0',
};

const visits = [
  { name: 'a browser on this machine', visit: { ...near, headers: BROWSER }, local: true },
  { name: 'a command on this machine', visit: near, local: true },
  {
    name: 'a browser on this machine, by IPv6',
    visit: { ...near, remoteAddress: '::1', headers: { host: '[::1]:80' } },
    local: true,
  },
  { name: 'another machine', visit: { ...near, remoteAddress: '10.0.0.7' }, local: false },
  { name: 'no address', visit: { ...near, remoteAddress: undefined }, local: false },
  {
    name: 'a name that only points here',
    visit: { ...near, headers: { host: 'x.example.com' } },
    local: false,
  },
  { name: 'no name', visit: { ...near, headers: {} }, local: false },
  { name: 'nginx as it is', visit: { ...near, httpVersion: '1.0' }, local: false },
  {
    name: 'nginx with HTTP/1.1',
    visit: { ...near, headers: { ...near.headers, connection: 'close' } },
    local: false,
  },
  ...[
    'cf-connecting-ip',
    'cloudfront-viewer-address',
    'fastly-client-ip',
    'forwarded',
    'fly-client-ip',
    'true-client-ip',
    'via',
    'x-amzn-trace-id',
    'x-appengine-user-ip',
    'x-arr-log-id',
    'x-azure-clientip',
    'x-client-ip',
    'x-cloud-trace-context',
    'x-cluster-client-ip',
    'x-envoy-external-address',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-port',
    'x-forwarded-prefix',
    'x-forwarded-proto',
    'x-forwarded-server',
    'x-original-forwarded-for',
    'x-real-ip',
    'x-request-id',
  ].map((header) => ({
    name: `a proxy that adds ${header}`,
    visit: { ...near, headers: { ...BROWSER, [header]: '127.0.0.1' } },
    local: false,
  })),
];

for (const { name, visit, local } of visits)
  t.test(`without a token: ${local ? 'lets in' : 'refuses'} ${name}`, async (t) => {
    t.equal(isLocalVisit(visit), local);
    const admission = createAccess(undefined).admit(visit);
    if (local) t.match(admission, { verdict: 'accepted' });
    else t.match(admission, { verdict: 'refused', status: 403, detail: /set DASHBOARD_TOKEN/ });
  });

/** Access by the token, with a clock, and log-in that gives the cookie as a browser sends it. */
function withToken(t: Test) {
  const clock = { now: 1 };
  const { admit, byToken } = createAccess(TOKEN, () => clock.now);
  if (!byToken) throw new Error('Expected access by token.');
  const logIn = () => {
    const cookie = byToken.logIn(TOKEN, near) ?? t.fail('not logged in').toString();
    return { ...near, headers: { host: 'sync.example.com', cookie: `other=1; ${cookie.split(';')[0]}` } };
  };
  return { clock, admit, byToken, logIn };
}

t.test('with a token: opens by the cookie of a log-in, from anywhere, and by nothing else', async (t) => {
  const { admit, byToken, logIn } = withToken(t);
  t.match(admit(near), { verdict: 'refused', status: 401 }, 'being near is not enough');
  t.equal(byToken.logIn('another', near), undefined);
  t.equal(byToken.logIn('', near), undefined);
  const cookie = byToken.logIn(TOKEN, near) ?? '';
  t.match(cookie, /^dashboard=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
  t.notMatch(cookie, TOKEN);
  const far = { ...logIn(), remoteAddress: '10.0.0.7' };
  t.match(admit(far), { verdict: 'accepted' });
  t.match(createAccess(TOKEN).admit(far), { verdict: 'refused' }, 'another process does not know it');
  for (const forged of [TOKEN, '', hash('sha256', `dashboard cookie of ${TOKEN}`)])
    t.match(admit({ ...near, headers: { cookie: `dashboard=${forged}` } }), { verdict: 'refused' });
});

t.test('a session ends on the server: after its time, and on log-out, each for itself', async (t) => {
  const { clock, admit, byToken, logIn } = withToken(t);
  const first = logIn();
  clock.now = 1_000;
  const second = logIn();
  const admitted = admit(second);
  if (admitted.verdict !== 'accepted') return t.fail('expected to be let in');
  t.ok(admitted.isOpen());
  clock.now = SESSION_SECONDS * 1_000 + 2;
  t.match(admit(first), { verdict: 'refused', status: 401 });
  t.match(admit(second), { verdict: 'accepted' });
  t.match(byToken.logOut(second), /^dashboard=; Path=\/; Max-Age=0;/);
  t.match(admit(second), { verdict: 'refused', status: 401 });
  t.notOk(admitted.isOpen(), 'and what was opened by it knows');
});

t.test('keeps the cookie to https where the browser came by it', async (t) => {
  const { byToken } = withToken(t);
  t.match(byToken.logIn(TOKEN, { ...near, headers: { 'x-forwarded-proto': 'https' } }), /; Secure$/);
});

t.test('holds a bounded number of sessions', async (t) => {
  const { admit, logIn } = withToken(t);
  const first = logIn();
  for (let more = 0; more < 1_000; more += 1) logIn();
  t.match(admit(first), { verdict: 'refused' });
});
