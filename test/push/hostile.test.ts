import { request } from 'node:http';
import { connect as connectSocket } from 'node:net';
import t from 'tap';
import { startCertificates } from '../sandbox/certificates.ts';
import { changeOf, connect, startUpstreams } from '../sandbox/connected.ts';
import { sendPush, wrap } from '../sandbox/push.ts';

const upstreams = await startUpstreams(t);
const { commercetools, fluent } = upstreams;
const customer = await commercetools.createCustomer({ email: 'hostile@example.com', password: 'secret' });
const MEGABYTE = 1024 * 1024;

function post(url: string, body: string | Buffer, headers: Record<string, string> = {}) {
  return fetch(url, { method: 'POST', body: Buffer.from(body), headers });
}

t.test('rejects malicious bodies, and continues to serve', async (t) => {
  const service = await connect(t, upstreams);
  const deep = (open: string, close: string) => open.repeat(200_000) + close.repeat(200_000);
  const bodies: Record<string, string> = {
    'arrays in arrays': deep('[', ']'),
    'objects in objects': `${'{"message":'.repeat(200_000)}1${'}'.repeat(200_000)}`,
    'a payload of arrays in arrays': wrap(deep('[', ']')),
    'a payload with depth where nobody looks': wrap(
      `{"notificationType":"ResourceUpdated","version":"x","resource":${deep('[', ']')}}`,
    ),
    'a CloudEvent around depth': wrap(
      `{"specversion":"1.0","type":"com.commercetools.customer.change.ResourceUpdated","data":${deep('[', ']')}}`,
    ),
    'a prototype': wrap('{"__proto__":{"notificationType":"ResourceUpdated"}}'),
    'half a JSON': '{"message":{"data":"',
    nothing: '',
    'no object': '1',
    'no base64': '{"message":{"data":"***"}}',
  };
  for (const [name, body] of Object.entries(bodies)) {
    const response = await post(service.push, body);
    t.equal(response.status, 422, name);
    t.match(await response.json(), { reason: /undecodable|no-data/, detail: /\w/ });
  }
  t.equal((await sendPush(service.push, changeOf(customer))).status, 204);
});

t.test('accepts a message of 10 MB, and answers 413 above the limit', async (t) => {
  const service = await connect(t, upstreams);
  const filled = (size: number) => {
    const payload = { ...changeOf(customer), filler: '' };
    return { ...payload, filler: 'x'.repeat(size - JSON.stringify(payload).length) };
  };
  const largest = wrap(filled(10 * MEGABYTE));
  t.ok(largest.length > 13 * MEGABYTE);
  t.equal((await post(service.push, largest)).status, 204);
  const over = await post(service.push, Buffer.alloc(16 * MEGABYTE));
  t.equal(over.status, 413);
  t.match(await over.json(), { reason: 'body-too-large', detail: /at most \d+ bytes/ });
  t.match(service.lines.at(-1), { reason: 'body-too-large', status: 413, severity: 'WARNING' });
});

t.test('answers 413 to a body without a declared length', async (t) => {
  const service = await connect(t, upstreams);
  const answered = Promise.withResolvers<number | undefined>();
  const sent = request(service.push, { method: 'POST' }, (response) => {
    response.resume();
    answered.resolve(response.statusCode);
  });
  // The response may come, and the connection be closed, before everything is sent.
  sent.on('error', () => answered.resolve(undefined));
  t.teardown(() => sent.destroy());
  for (let megabytes = 0; megabytes < 16; megabytes += 1) sent.write(Buffer.alloc(MEGABYTE));
  sent.end();
  t.equal(await answered.promise, 413);
});

t.test('aborts a body that is sent too slowly', async (t) => {
  const service = await connect(t, upstreams, { ACK_DEADLINE_SECONDS: '1' });
  const socket = connectSocket(Number(new URL(service.url).port), '127.0.0.1');
  socket.on('error', () => {});
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  let answer = '';
  socket.on('data', (text) => {
    answer += text;
  });
  socket.write('POST /push HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n{');
  const trickle = setInterval(() => socket.write(' '), 100);
  t.teardown(() => {
    clearInterval(trickle);
    socket.destroy();
  });
  await ended;
  t.match(answer, /^HTTP\/1\.1 503 /);
  t.match(answer, /"reason":"request-timeout","detail":"Expected the whole request within 1 seconds/);
});

t.test('an id cannot inject into a query', async (t) => {
  const service = await connect(t, upstreams);
  const logged = commercetools.log.length;
  const ids = [
    'x" or id != "',
    "x' or '1'='1",
    'x") or (true',
    '../customers',
    'a%22',
    'a b',
    '',
    'x'.repeat(65),
  ];
  for (const id of ids) t.equal((await sendPush(service.push, changeOf({ id, version: 1 }))).status, 422, id);
  t.equal(commercetools.log.length, logged, 'commercetools hears nothing of them');
});

t.test('continues to serve after many invented tokens, without growing', async (t) => {
  const google = await startCertificates();
  t.teardown(() => google.close());
  const seconds = Math.floor(Date.now() / 1000);
  const claims = {
    iss: 'https://accounts.google.com',
    aud: 'audience',
    email: 'push@example.iam.gserviceaccount.com',
    email_verified: true,
    iat: seconds,
    exp: seconds + 3_600,
  };
  const service = await connect(t, upstreams, {
    PUSH_AUTH: 'oidc',
    PUSH_AUDIENCE: claims.aud,
    PUSH_SERVICE_ACCOUNT: claims.email,
    PUSH_CERTS_URL: google.url,
    LOG_LEVEL: 'silent',
  });
  const push = (token: string) =>
    sendPush(service.push, changeOf(customer), { headers: { authorization: `Bearer ${token}` } });
  const good = google.sign(claims);
  const [head = '', body = ''] = good.split('.');
  const madeUp = (number: number) => {
    const signature = Buffer.alloc(256, `${number}`).toString('base64url');
    const unknownKey = Buffer.from(`{"alg":"RS256","kid":"made-up-${number}"}`).toString('base64url');
    return number % 2 === 0 ? `${head}.${body}.${signature}` : `${unknownKey}.${body}.${signature}`;
  };
  const flood = async (from: number, to: number) => {
    const statuses = new Map<number, number>();
    for (let next = from; next < to; next += 50) {
      const numbers = Array.from({ length: Math.min(50, to - next) }, (_, index) => next + index);
      for (const { status } of await Promise.all(numbers.map((number) => push(madeUp(number)))))
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    return statuses;
  };
  await flood(0, 500);
  const before = process.memoryUsage().rss;
  t.same(await flood(500, 2_500), new Map([[401, 2_000]]));
  const grown = (process.memoryUsage().rss - before) / MEGABYTE;
  t.ok(grown < 100, `grew by ${grown} MB`);
  t.ok(google.requests <= 2, 'and the certificates are not fetched for each of them');
  t.equal((await push(good)).status, 204);
  t.ok(fluent.customers.has(customer.id));
});
