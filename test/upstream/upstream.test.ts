import t, { type Test } from 'tap';
import { createLog } from '../../src/observe/log.ts';
import { type Exchange, readObject, type UpstreamResponse } from '../../src/upstream/exchange.ts';
import { UpstreamFault } from '../../src/upstream/fault.ts';
import { readToken } from '../../src/upstream/token-source.ts';
import { Upstream, type UpstreamOptions } from '../../src/upstream/upstream.ts';
import { stopClock } from '../sandbox/clock.ts';
import { until } from '../sandbox/until.ts';
import { faultOf, json, type Respond, startServer } from './start-server.ts';

const PASSWORD = 'secret-password';
const TOKEN = 'secret-token';
const BODY = 'secret-body';
const TOKEN_PATH = '/oauth/token';
/** Long, so that no test depends on the speed of the machine. */
const TIMEOUT = 60_000;
const BUDGET = 600_000;
const BREAK = 5_000;
const PURPOSE = { operation: 'other', size: 1 } as const;

const giveToken: Respond = (response, _request, count) =>
  json(response, 200, { access_token: `${TOKEN}-${count}`, expires_in: 3_600 });
const fine: Respond = (response) => json(response, 200, { value: 1 });
const always =
  (status: number, headers?: Record<string, string>): Respond =>
  (response) =>
    json(response, status, { message: BODY }, headers);

interface Answers {
  api?: Respond;
  token?: Respond;
}

async function setUp(t: Test, answers: Answers = {}, options: Partial<UpstreamOptions> = {}) {
  const scene = { api: fine, token: giveToken, ...answers };
  const server = await startServer(t, (response, request, count) =>
    (request.path === TOKEN_PATH ? scene.token : scene.api)(response, request, count),
  );
  const credentials: boolean[] = [];
  const log: string[] = [];
  const upstream = new Upstream({
    name: 'Upstream',
    concurrency: 20,
    timeoutMilliseconds: TIMEOUT,
    budgetMilliseconds: BUDGET,
    log: createLog('trace', { write: (line) => log.push(line) }),
    fetchToken: (exchange, signal) => fetchToken(exchange, server.url, signal),
    onCredentials: (_name, accepted) => credentials.push(accepted),
    ...options,
  });
  t.teardown(() => upstream.close());
  const send = (path = '/api') =>
    upstream.send({ method: 'POST', url: server.url + path, headers: {}, body: BODY }, read, PURPOSE);
  return { scene, server, upstream, send, credentials, log };
}

async function fetchToken(exchange: Exchange, url: string, signal: AbortSignal) {
  const request = { method: 'POST', url: url + TOKEN_PATH, headers: {}, body: PASSWORD } as const;
  return readToken('Upstream', await exchange(request, signal));
}

function read({ status, text }: UpstreamResponse): unknown {
  if (status >= 400) throw new UpstreamFault('final', 'no-good', `Upstream answered HTTP ${status}.`);
  return readObject('Upstream', text);
}

t.test('sends a request with the token of the account', async (t) => {
  const { send, server } = await setUp(t);
  t.strictSame(await send(), { value: 1 });
  t.match(server.received[1], { headers: { authorization: `Bearer ${TOKEN}-1` }, body: BODY });
});

t.test('requests one token for a hundred waiting requests', async (t) => {
  const { send, server } = await setUp(t, {}, { concurrency: 100 });
  await Promise.all(Array.from({ length: 100 }, () => send()));
  t.equal(server.countOf(TOKEN_PATH), 1);
  t.equal(server.countOf('/api'), 100);
});

t.test('renews a revoked token once, for all refused requests', async (t) => {
  const { send, server, credentials } = await setUp(t, {
    api: (response, { headers }) =>
      headers.authorization === `Bearer ${TOKEN}-2` ? json(response, 200, {}) : json(response, 401, BODY),
  });
  await Promise.all(Array.from({ length: 10 }, () => send()));
  t.equal(server.countOf(TOKEN_PATH), 2);
  t.equal(server.countOf('/api'), 20);
  t.equal(credentials.includes(false), false);
});

t.test('treats a new token that is refused as wrong credentials, until one is accepted', async (t) => {
  const { scene, send, server, credentials } = await setUp(t, { api: always(401) });
  t.match(await faultOf(send()), { kind: 'refused', reason: 'credentials-refused' });
  t.equal(server.countOf(TOKEN_PATH), 2, 'one renewal');
  t.equal(server.countOf('/api'), 2, 'one more try');
  t.equal(credentials.at(-1), false);
  scene.api = fine;
  await send();
  t.equal(credentials.at(-1), true);
});

t.test('requests a token with a wrong password once, and turns readiness off', async (t) => {
  const { send, server, credentials, upstream } = await setUp(t, { token: always(400) });
  for (let sent = 0; sent < 5; sent += 1) t.match(await faultOf(send()), { reason: 'credentials-refused' });
  t.match(await faultOf(upstream.probe()), { reason: 'credentials-refused' });
  t.equal(server.countOf(TOKEN_PATH), 1);
  t.equal(server.countOf('/api'), 0);
  t.equal(credentials.at(-1), false);
});

t.test('turns readiness off if a permission is missing', async (t) => {
  const { send, credentials, server } = await setUp(t, { api: always(403) });
  t.match(await faultOf(send()), { kind: 'refused', reason: 'permission-missing' });
  t.equal(credentials.at(-1), false);
  t.equal(server.countOf('/api'), 1);
});

const RETRIES: { name: string; api: Respond; tries: number; expected: object }[] = [
  { name: '500', api: always(500), tries: 3, expected: { kind: 'transient', reason: 'upstream-error' } },
  { name: '503', api: always(503), tries: 3, expected: { kind: 'transient' } },
  { name: '408', api: always(408), tries: 3, expected: { kind: 'transient' } },
  { name: '429', api: always(429), tries: 3, expected: { kind: 'throttled', reason: 'rate-limited' } },
  {
    name: 'a broken connection',
    api: (response) => response.destroy(),
    tries: 3,
    expected: { kind: 'transient', reason: 'upstream-unreachable' },
  },
  {
    name: 'a page instead of JSON',
    api: (response) => response.end(`<html>${BODY}</html>`),
    tries: 3,
    expected: { kind: 'transient', reason: 'unreadable-answer' },
  },
  { name: '400', api: always(400), tries: 1, expected: { kind: 'final' } },
  { name: '404', api: always(404), tries: 1, expected: { kind: 'final' } },
  { name: '409', api: always(409), tries: 1, expected: { kind: 'final' } },
];

for (const { name, api, tries, expected } of RETRIES)
  t.test(`${tries === 1 ? 'does not retry' : 'makes three attempts'} after ${name}`, async (t) => {
    const { send, server, log } = await setUp(t, { api });
    const fault = await faultOf(send());
    t.match(fault, expected);
    t.equal(server.countOf('/api'), tries);
    t.notMatch(String(fault) + JSON.stringify(fault) + log.join(), /secret/);
  });

t.test('makes three attempts without a response', async (t) => {
  const { send, server, upstream, log } = await setUp(t, { api: () => {} });
  await upstream.probe();
  const clock = stopClock(t);
  const failed = faultOf(send());
  for (let tries = 1; tries <= 3; tries += 1) {
    t.ok(await clock.passUntil(() => server.countOf('/api') === tries));
    clock.pass(TIMEOUT);
  }
  const fault = await failed;
  t.match(fault, { kind: 'transient', reason: 'upstream-timeout' });
  t.equal(server.countOf('/api'), 3);
  t.notMatch(String(fault) + JSON.stringify(fault) + log.join(), /secret/);
});

t.test('stops at the first attempt that succeeds', async (t) => {
  const { send, server } = await setUp(t, {
    api: (response, request, count) => (count < 3 ? always(502) : fine)(response, request, count),
  });
  t.strictSame(await send(), { value: 1 });
  t.equal(server.countOf('/api'), 3);
});

t.test('retries the token endpoint too', async (t) => {
  const { send, server, credentials } = await setUp(t, {
    token: (response, request, count) => (count < 3 ? always(502) : giveToken)(response, request, count),
  });
  t.strictSame(await send(), { value: 1 });
  t.equal(server.countOf(TOKEN_PATH), 3);
  t.equal(credentials.includes(false), false);
});

t.test('keeps a long Retry-After and does not wait', async (t) => {
  for (const status of [429, 503]) {
    const { send, server } = await setUp(t, { api: always(status, { 'retry-after': '60' }) });
    t.match(await faultOf(send()), { retryAfterSeconds: 60 }, String(status));
    t.equal(server.countOf('/api'), 1);
  }
});

const SLOW: { name: string; answers: Answers; options: Partial<UpstreamOptions>; requests: number }[] = [
  { name: 'an answer', answers: { api: () => {} }, options: {}, requests: 1 },
  { name: 'a token', answers: { token: () => {} }, options: {}, requests: 1 },
  {
    name: 'the next try',
    answers: { api: always(503, { 'retry-after': '2' }) },
    options: {},
    requests: 1,
  },
  { name: 'its turn', answers: { api: () => {} }, options: { concurrency: 1 }, requests: 5 },
];

for (const { name, answers, options, requests } of SLOW)
  t.test(`stays within its budget while it waits for ${name}`, async (t) => {
    const { send } = await setUp(t, answers, { budgetMilliseconds: 300, ...options });
    for (const fault of await Promise.all(Array.from({ length: requests }, () => faultOf(send()))))
      t.match(fault, { kind: 'unavailable', reason: 'out-of-time' });
  });

t.test('opens the circuit after ten faults in a row, and closes it by one probe', async (t) => {
  const { scene, send, server, log } = await setUp(t, { api: always(500) });
  const clock = stopClock(t, ['Date']);
  for (let sent = 0; sent < 3; sent += 1) t.match(await faultOf(send()), { reason: 'upstream-error' });
  t.equal(server.countOf('/api'), 9);
  t.match(await faultOf(send()), { kind: 'unavailable', reason: 'circuit-open' });
  t.equal(server.countOf('/api'), 10);

  t.match(await faultOf(send()), { kind: 'unavailable', reason: 'circuit-open', retryAfterSeconds: 5 });
  clock.pass(BREAK - 1);
  t.match(await faultOf(send()), { reason: 'circuit-open' });
  t.equal(server.countOf('/api'), 10, 'nothing is sent while it is open');

  scene.api = fine;
  clock.pass(1);
  t.strictSame(await send(), { value: 1 });
  t.strictSame(await send(), { value: 1 });
  const states = log.map((line) => JSON.parse(line).circuit);
  t.strictSame(states, ['Open', 'HalfOpen', 'Closed']);
});

t.test('opens the circuit again when the probe fails', async (t) => {
  const { send, server } = await setUp(t, { api: always(500) });
  const clock = stopClock(t, ['Date']);
  for (let sent = 0; sent < 4; sent += 1) await faultOf(send());
  clock.pass(BREAK);
  t.match(await faultOf(send()), { reason: 'circuit-open' });
  t.equal(server.countOf('/api'), 11, 'one probe');
});

t.test('does not open the circuit for regular error responses', async (t) => {
  for (const status of [400, 404, 429]) {
    const { send, server } = await setUp(t, { api: always(status, { 'retry-after': '60' }) });
    for (let sent = 0; sent < 12; sent += 1) await faultOf(send());
    t.equal(server.countOf('/api'), 12, String(status));
  }
});

t.test('opens the circuit for an upstream that does not answer within its time-out', async (t) => {
  const { send, server, upstream } = await setUp(t, { api: () => {} });
  await upstream.probe();
  const clock = stopClock(t);
  const failed = Promise.all(Array.from({ length: 10 }, () => faultOf(send())));
  t.ok(await until(() => server.countOf('/api') === 10));
  clock.pass(TIMEOUT);
  t.ok(await until(() => upstream.circuit === 'Open'));
  // Each would be tried again, and is refused by the circuit.
  clock.pass(1_000);
  for (const fault of await failed) t.match(fault, { kind: 'unavailable', reason: 'circuit-open' });
  t.match(await faultOf(send()), { kind: 'unavailable', reason: 'circuit-open' });
  t.equal(server.countOf('/api'), 10);
});

t.test('does not open the circuit for requests that had not their full time', async (t) => {
  const budgetMilliseconds = TIMEOUT / 2;
  const { send, server, upstream } = await setUp(t, { api: () => {} }, { budgetMilliseconds });
  await upstream.probe();
  const clock = stopClock(t);
  const failed = Promise.all(Array.from({ length: 12 }, () => faultOf(send())));
  t.ok(await until(() => server.countOf('/api') === 12));
  clock.pass(budgetMilliseconds);
  for (const fault of await failed) t.match(fault, { reason: 'out-of-time' });
  const next = faultOf(send());
  t.ok(await until(() => server.countOf('/api') === 13), 'the next is sent');
  clock.pass(budgetMilliseconds);
  t.match(await next, { reason: 'out-of-time' });
  t.equal(upstream.circuit, 'Closed');
});

t.test('does not open the circuit for requests that waited too long for their turn', async (t) => {
  const held: Parameters<Respond>[0][] = [];
  const { send, upstream, scene } = await setUp(
    t,
    { api: (response) => void held.push(response) },
    { concurrency: 1, budgetMilliseconds: TIMEOUT / 2 },
  );
  await upstream.probe();
  const clock = stopClock(t);
  const failed = Promise.all(Array.from({ length: 30 }, () => faultOf(send())));
  t.ok(await until(() => held.length === 1));
  clock.pass(TIMEOUT / 2);
  for (const fault of await failed) t.match(fault, { reason: 'out-of-time' });
  t.equal(upstream.circuit, 'Closed');
  scene.api = fine;
  t.strictSame(await send(), { value: 1 });
});

t.test('keeps the circuit open if the probe was aborted before its time-out', async (t) => {
  const { scene, send, server, upstream } = await setUp(
    t,
    { api: always(500) },
    { budgetMilliseconds: TIMEOUT / 2 },
  );
  for (let sent = 0; sent < 4; sent += 1) await faultOf(send());
  t.equal(upstream.circuit, 'Open');
  scene.api = () => {};
  const before = server.countOf('/api');
  const clock = stopClock(t);
  clock.pass(BREAK);
  const probed = faultOf(send());
  t.ok(await until(() => server.countOf('/api') > before), 'a probe was sent');
  t.equal(upstream.circuit, 'HalfOpen');
  clock.pass(TIMEOUT / 2);
  await probed;
  t.ok(await until(() => upstream.circuit !== 'HalfOpen'));
  t.equal(upstream.circuit, 'Open');
});

t.test(
  'does not open the circuit for a failed token request, however many requests wait for it',
  async (t) => {
    const { scene, send, log } = await setUp(t, { token: always(503) });
    const faults = await Promise.all(Array.from({ length: 12 }, () => faultOf(send())));
    t.ok(faults.every((fault) => fault instanceof UpstreamFault && fault.reason === 'upstream-error'));
    scene.token = giveToken;
    t.strictSame(await send(), { value: 1 }, 'at once when it is there');
    t.strictSame(log, []);
  },
);

t.test('does not treat a new token as proof after one was refused', async (t) => {
  const { scene, send, upstream, credentials } = await setUp(t, { api: always(401) });
  await faultOf(send());
  const before = credentials.length;
  t.equal(credentials.at(-1), false);
  await upstream.probe();
  await faultOf(send());
  t.equal(credentials.slice(before).includes(true), false);
  scene.api = fine;
  await send();
  t.equal(credentials.at(-1), true);
});

t.test('sends fewer concurrent requests after a 429, and more after successes', async (t) => {
  const { send, upstream } = await setUp(
    t,
    {
      api: (response, request, count) => (count === 1 ? always(429) : fine)(response, request, count),
    },
    { concurrency: 4 },
  );
  await send();
  t.equal(upstream.limit.current, 2);
  await Promise.all(Array.from({ length: 40 }, () => send()));
  t.equal(upstream.limit.current, 3);
});

t.test('never has more requests in flight than its concurrency', async (t) => {
  let inFlight = 0;
  let most = 0;
  const { send } = await setUp(
    t,
    {
      api: (response) => {
        inFlight += 1;
        most = Math.max(most, inFlight);
        setTimeout(() => {
          inFlight -= 1;
          json(response, 200, {});
        }, 20);
      },
    },
    { concurrency: 3 },
  );
  await Promise.all(Array.from({ length: 30 }, () => send()));
  t.equal(most, 3);
});

t.test('no fault contains a token, a password or a body', async (t) => {
  const cases: Answers[] = [
    { token: always(400) },
    { token: always(500) },
    { token: (response) => response.end(BODY) },
    { api: always(401) },
    { api: always(403) },
    { token: (response) => json(response, 200, { access_token: `${TOKEN}\n`, expires_in: 60 }) },
  ];
  for (const answers of cases) {
    const { send, log } = await setUp(t, answers);
    const fault = await faultOf(send());
    const cause = fault instanceof Error ? String(fault.cause) + fault.stack : '';
    t.ok(fault instanceof UpstreamFault);
    t.notMatch(String(fault) + JSON.stringify(fault) + cause + log.join(), /secret-/);
  }
});

t.test('fails requests in flight when it is closed, and sends no more', async (t) => {
  const { send, server, upstream } = await setUp(t, { api: () => {} });
  const pending = faultOf(send());
  while (server.countOf('/api') === 0) await new Promise(setImmediate);
  await upstream.close();
  t.match(await pending, { kind: 'unavailable', reason: 'out-of-time' });
  t.match(await faultOf(send()), { kind: 'unavailable', reason: 'out-of-time' });
  t.equal(server.countOf('/api'), 1);
});
