import { createServer } from 'node:net';
import t, { type Test } from 'tap';
import { createExchange, type Exchange } from '../../src/upstream/exchange.ts';
import { stopClock } from '../sandbox/clock.ts';
import { faultOf, type Respond, startServer } from './start-server.ts';

const NEVER = new AbortController().signal;

async function setUp(t: Test, respond: Respond, milliseconds = 60_000, maxResponseBytes?: number) {
  const server = await startServer(t, respond);
  const { exchange, close } = createExchange('Upstream', milliseconds, maxResponseBytes);
  t.teardown(close);
  return {
    server,
    get: (path = '/', signal = NEVER) => send(exchange, server.url + path, signal),
    exchange,
    close,
  };
}

function send(exchange: Exchange, url: string, signal = NEVER) {
  return exchange({ method: 'GET', url, headers: {} }, signal);
}

t.test('sends method, headers and body, and returns the whole response', async (t) => {
  const { server, exchange } = await setUp(t, (response) => {
    response.writeHead(418).write('first, ');
    response.end('last');
  });
  const answer = await exchange(
    { method: 'POST', url: `${server.url}/path?a=b`, headers: { 'x-a': 'b' }, body: 'größer' },
    NEVER,
  );
  const { correlationId, ...response } = answer;
  t.strictSame(response, { status: 418, retryAfterSeconds: undefined, text: 'first, last' });
  t.equal(server.received[0]?.headers['x-correlation-id'], correlationId);
  t.match(server.received, [{ method: 'POST', path: '/path?a=b', headers: { 'x-a': 'b' }, body: 'größer' }]);
});

t.test('keeps connections alive', async (t) => {
  const { server, get } = await setUp(t, (response) => response.end('{}'));
  for (let sent = 0; sent < 20; sent += 1) await get();
  t.equal(server.received.length, 20);
  // The first connection may still be busy with the end of a response.
  t.ok(server.connections() <= 2);
});

const RETRY_AFTER: { header: string; expected: number | undefined }[] = [
  { header: '7', expected: 7 },
  { header: '0', expected: 0 },
  { header: new Date(Date.now() - 60_000).toUTCString(), expected: 0 },
  { header: 'soon', expected: undefined },
];

t.test('reads Retry-After', async (t) => {
  let header = '';
  const { get } = await setUp(t, (response) => response.writeHead(503, { 'retry-after': header }).end());
  for (const { header: given, expected } of RETRY_AFTER) {
    header = given;
    t.equal((await get()).retryAfterSeconds, expected, given);
  }
  stopClock(t, ['Date']);
  header = new Date(Date.now() + 60_000).toUTCString();
  const { retryAfterSeconds = 0 } = await get();
  // A date has no milliseconds.
  t.ok(retryAfterSeconds === 59 || retryAfterSeconds === 60, 'a date is seconds from now');
});

t.test('fails at its time-out if no response comes', async (t) => {
  const { get } = await setUp(t, () => {}, 100);
  t.match(await faultOf(get()), { kind: 'transient', reason: 'upstream-timeout' });
});

t.test('fails at its time-out although the body is still being sent', async (t) => {
  const { get } = await setUp(
    t,
    (response) => {
      response.writeHead(200).write('{');
      const trickle = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(trickle));
    },
    150,
  );
  t.match(await faultOf(get()), { kind: 'transient', reason: 'upstream-timeout' });
});

t.test('fails when the time of the event is over', async (t) => {
  const { get } = await setUp(t, () => {});
  const fault = await faultOf(get('/', AbortSignal.timeout(50)));
  t.match(fault, { kind: 'unavailable', reason: 'out-of-time' });
});

t.test('refuses a response over the size limit, and accepts one of that size', async (t) => {
  const { get } = await setUp(
    t,
    (response, { path }) => response.end('x'.repeat(path === '/fits' ? 1_000 : 1_001)),
    60_000,
    1_000,
  );
  t.equal((await get('/fits')).text.length, 1_000);
  t.match(await faultOf(get('/over')), { kind: 'transient', message: /UND_ERR_RES_EXCEEDED_MAX_SIZE/ });
});

t.test('describes a connection that is refused, reset or invalid by its code only', async (t) => {
  const { server, get } = await setUp(t, (response) => response.destroy());
  t.match(await faultOf(get('/secret-path')), { kind: 'transient', reason: 'upstream-unreachable' });
  await server.stop();
  const refused = await faultOf(get('/secret-path'));
  t.match(refused, { kind: 'transient', message: 'Upstream could not be reached (ECONNREFUSED).' });

  const nonsense = createServer((socket) => {
    socket.on('error', () => {});
    socket.end('secret nonsense\r\n\r\n');
  });
  const listening = Promise.withResolvers<void>();
  nonsense.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  t.teardown(() => nonsense.close());
  const { exchange, close } = createExchange('Upstream', 5_000);
  t.teardown(close);
  const address = nonsense.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const fault = await faultOf(send(exchange, `http://127.0.0.1:${port}/secret-path`));
  t.match(fault, { kind: 'transient', reason: 'upstream-unreachable' });
  t.notMatch(String(fault) + JSON.stringify(fault), /secret/);
});

t.test('fails requests in flight when it is closed', async (t) => {
  const { server, get, close } = await setUp(t, () => {});
  const pending = faultOf(get());
  while (server.received.length === 0) await new Promise(setImmediate);
  await close();
  t.match(await pending, { kind: 'transient', reason: 'upstream-unreachable' });
});
