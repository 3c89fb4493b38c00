import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect as connectSocket } from 'node:net';
import t from 'tap';
import { connect, startUpstreams } from '../sandbox/connected.ts';
import { rawRequest } from '../sandbox/raw-request.ts';
import { until } from '../sandbox/until.ts';

const SECRET = 'a-token-that-nobody-may-see';
const PUSH_TOKEN = 'a-token-of-the-sender';
const upstreams = await startUpstreams(t);
const service = await connect(t, upstreams, { PUSH_AUTH: 'token', PUSH_TOKEN });
const large = 'content-length: 15000000';
const chunked = 'transfer-encoding: chunked';

// The body is never sent, so the response must come without it.
const unread = [
  { line: `POST /nope?token=${SECRET}`, headers: ['content-type: application/json', large], status: 404 },
  { line: `POST /nope?token=${SECRET}`, headers: ['content-type: no type', large], status: 404 },
  { line: `POST /nope?token=${SECRET}`, headers: [chunked], status: 404 },
  { line: `PUT /push?token=${SECRET}`, headers: [large], status: 404 },
  { line: `DELETE /?token=${SECRET}`, headers: [large], status: 404 },
  { line: `PROPFIND /?token=${SECRET}`, headers: [large], status: 404 },
  { line: `QUERY /?token=${SECRET}`, headers: [large], status: 404 },
  { line: `OPTIONS *?token=${SECRET}`, headers: [large], status: 404 },
  { line: `POST /dashboard/page.js?token=${SECRET}`, headers: [large], status: 404 },
  { line: `GET /dashboard/nope?token=${SECRET}`, headers: [large], status: 404 },
  { line: 'GET /health/live', headers: [large], status: 200 },
  { line: 'GET /metrics', headers: [chunked], status: 200 },
  { line: `POST /%zz?token=${SECRET}`, headers: [large], status: 400 },
  { line: `POST /push?token=${SECRET}`, headers: [large], status: 401 },
  { line: `POST /push?token=${SECRET}`, headers: [chunked], status: 401 },
  { line: `POST /push?token=${PUSH_TOKEN}`, headers: ['content-length: 20000000'], status: 413 },
];

for (const { line, headers, status } of unread)
  t.test(`answers ${line.replace(/=.*/, '=…')} ${status} without reading its body, ${headers}`, async (t) => {
    const answer = await rawRequest(service.url, [`${line} HTTP/1.1`, 'host: localhost', ...headers]);
    t.equal(answer.status, status);
    t.match(answer.text, /\r\nconnection: close\r\n/i);
    t.notMatch(answer.text, SECRET);
    t.notMatch(answer.text, PUSH_TOKEN);
  });

t.test('keeps the connection of a sender whose small push it refuses', async (t) => {
  const answer = await rawRequest(
    service.url,
    ['POST /push HTTP/1.1', 'host: x', 'content-length: 5'],
    'hello',
  );
  t.equal(answer.status, 401);
  t.notMatch(answer.text, /connection: close/i);
});

t.test('neither a response nor a log line contains the query', async (t) => {
  for (const path of ['/nope', '/%zz', '/push/x', '/health/nope', `/dashboard/${'x'.repeat(200)}`]) {
    const response = await fetch(`${service.url}${path}?token=${SECRET}`, { redirect: 'manual' });
    t.ok(response.status === 404 || response.status === 400 || response.status === 414, path);
    const text = await response.text();
    t.match(JSON.parse(text), { reason: /^[a-z-]+$/, detail: /\w/ }, path);
    t.notMatch(text, SECRET, path);
  }
  t.notMatch(JSON.stringify(service.lines), SECRET);
});

t.test('answers requests that are not HTTP, or too long, in the usual format', async (t) => {
  const wrong = await rawRequest(service.url, ['NONSENSE']);
  t.equal(wrong.status, 400);
  t.match(wrong.text, /"reason":"bad-request","detail":"\w/);
  const long = await rawRequest(service.url, ['GET / HTTP/1.1', 'host: x', `x-long: ${'x'.repeat(20_000)}`]);
  t.equal(long.status, 431);
  t.match(long.text, /"reason":"headers-too-large","detail":"\w/);
});

for (const path of ['/metrics', '/connector', '/health/ready', '/dashboard/page.js', '/nope'])
  t.test(`closes the connection of a client that pipelines many GET ${path}`, async (t) => {
    const { hostname, port } = new URL(service.url);
    const socket = connectSocket(Number(port), hostname);
    t.teardown(() => socket.destroy());
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => {});
    const closed = once(socket, 'close');
    socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`.repeat(500));
    await closed;
    const answers = text.split('HTTP/1.1 ').length - 1;
    t.ok(answers < 20, `${answers} answers`);
  });

t.test('answers a few pipelined requests in their order', async (t) => {
  const { hostname, port } = new URL(service.url);
  const socket = connectSocket(Number(port), hostname);
  t.teardown(() => socket.destroy());
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  for (let round = 1; round <= 30; round += 1) {
    socket.write(
      ['/health/live', '/nope', '/health/ready']
        .map((path) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`)
        .join(''),
    );
    t.ok(await until(() => text.split('HTTP/1.1 ').length - 1 === 3 * round));
  }
  const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  t.same(statuses, Array.from({ length: 30 }, () => ['200', '404', '200']).flat());
});

t.test('closes a connection after a thousand requests', async (t) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  const kept: (string | undefined)[] = [];
  for (let count = 0; count < 1_001; count += 1) {
    const [response] = await once(request(`${service.url}/health/live`, { agent }).end(), 'response');
    kept.push(response.headers.connection);
    await response.resume().toArray();
  }
  t.equal(kept.indexOf('close'), 999);
  t.equal(kept[1_000], 'keep-alive', 'and serves on with another');
});

t.test('limits the number of connections', async (t) => {
  const { url } = await connect(t, upstreams, { QUEUE_LIMIT: '1' });
  const { hostname, port } = new URL(url);
  const sockets = Array.from({ length: 600 }, () => connectSocket(Number(port), hostname));
  t.teardown(() => sockets.forEach((socket) => void socket.destroy()));
  let open = 0;
  let closed = 0;
  for (const socket of sockets) {
    socket.on('error', () => {});
    socket.on('connect', () => {
      open += 1;
    });
    socket.on('close', () => {
      closed += 1;
      open -= 1;
    });
  }
  t.ok(await until(() => closed === 99 && open === 501), `${open} open, ${closed} closed`);
  for (const socket of sockets.slice(0, 300)) socket.destroy();
  t.ok(await until(async () => (await fetch(`${url}/health/live`).catch(() => undefined))?.status === 200));
});
