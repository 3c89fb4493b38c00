import t from 'tap';
import { createAccess, isLoopback } from '../../src/dashboard/access.ts';

const near = { remoteAddress: '127.0.0.1', headers: { host: 'localhost:8080' }, queryToken: undefined };
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

const withoutToken = [
  { name: 'a neighbour', visit: near, verdict: 'accepted' },
  {
    name: 'a neighbour by IPv6',
    visit: { ...near, remoteAddress: '::1', headers: { host: '[::1]:80' } },
    verdict: 'accepted',
  },
  { name: 'another machine', visit: { ...near, remoteAddress: '10.0.0.7' }, verdict: 'refused' },
  {
    name: 'a name that only points here',
    visit: { ...near, headers: { host: 'evil.example.com' } },
    verdict: 'refused',
  },
  { name: 'no name', visit: { ...near, headers: {} }, verdict: 'refused' },
  {
    name: 'a proxy on this machine',
    visit: { ...near, headers: { host: 'localhost', 'x-forwarded-for': '127.0.0.1' } },
    verdict: 'refused',
  },
  { name: 'no address', visit: { ...near, remoteAddress: undefined }, verdict: 'refused' },
] as const;

for (const { name, visit, verdict } of withoutToken)
  t.test(`without a token: ${name} is ${verdict}`, async (t) => {
    const admission = createAccess(undefined)(visit);
    t.equal(admission.verdict, verdict);
    if (admission.verdict === 'refused') t.match(admission, { status: 403, detail: /set DASHBOARD_TOKEN/ });
  });

t.test(
  'with a token: opens once by the address, then by the cookie, which does not hold the token',
  async (t) => {
    const admit = createAccess(TOKEN);
    t.match(admit(near), { verdict: 'refused', status: 401 }, 'being near is not enough');
    t.match(admit({ ...near, queryToken: 'another' }), { verdict: 'refused', status: 401 });
    t.match(admit({ ...near, queryToken: '' }), { verdict: 'refused', status: 401 });
    const entered = admit({ ...near, queryToken: TOKEN });
    if (entered.verdict !== 'enter') return t.fail(`expected to enter, was ${entered.verdict}`);
    t.match(entered.cookie, /^dashboard=[0-9a-f]{64}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
    t.notMatch(entered.cookie, TOKEN);
    const cookie = `other=1; ${entered.cookie.split(';')[0]}`;
    const far = { ...near, remoteAddress: '10.0.0.7' };
    t.match(admit({ ...far, headers: { host: 'sync.example.com', cookie } }), { verdict: 'accepted' });
    t.match(createAccess('another-token-here')({ ...far, headers: { cookie } }), { verdict: 'refused' });
    t.match(admit({ ...near, headers: { cookie: `dashboard=${TOKEN}` } }), { verdict: 'refused' });
  },
);

t.test('keeps the cookie to https where the browser came by it', async (t) => {
  const visit = { ...near, headers: { 'x-forwarded-proto': 'https' }, queryToken: TOKEN };
  t.match(createAccess(TOKEN)(visit), { cookie: /; Secure$/ });
});
