import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { changeOf, connect, startUpstreams } from '../sandbox/connected.ts';
import { sendPush, wrap } from '../sandbox/push.ts';
import { rawRequest } from '../sandbox/raw-request.ts';
import type { ServiceSandbox } from '../sandbox/service.ts';
import { until } from '../sandbox/until.ts';

const LARGEST = 15 * 1024 * 1024;
const upstreams = await startUpstreams(t);
const { commercetools, fluent } = upstreams;
const [customer] = commercetools.seed(1);
if (!customer) throw new Error('Expected a customer.');
const payload = changeOf(customer);

/** A service whose budget is the size of the largest push. */
const narrow = (t: Test, env: Record<string, string> = {}) =>
  connect(t, upstreams, { QUEUE_BYTES: String(LARGEST), DUPLICATE_MEMORY_SECONDS: '0', ...env });

/** Posts a body and reads the whole response; an unread one would keep its connection, and this process, for minutes. */
async function postWhole({ push }: ServiceSandbox, body: string): Promise<{ status: number; text: string }> {
  const response = await fetch(push, { method: 'POST', body });
  return { status: response.status, text: await response.text() };
}

/** The response to a push that is refused because of the budget. */
async function isRefused(url: string): Promise<boolean> {
  const { status, headers, body } = await sendPush(url, payload);
  if (status === 204) return false;
  if (status !== 503 || !/^[1-9]\d*$/.test(headers.get('retry-after') ?? ''))
    throw new Error(`Expected 204, or 503 with Retry-After, got ${status}.`);
  return JSON.parse(body).reason === 'bytes-in-flight';
}

/** Starts a push that declares the largest size and sends nothing; returns when it is accepted. */
async function occupy(t: Test, { url, push }: ServiceSandbox): Promise<Socket> {
  const { hostname, port } = new URL(url);
  let occupying: Socket | undefined;
  const full = await until(async () => {
    occupying?.destroy();
    let answered = false;
    const socket = connectSocket(Number(port), hostname);
    occupying = socket;
    t.teardown(() => socket.destroy());
    socket.on('error', () => {});
    socket.on('data', () => {
      answered = true;
    });
    socket.write(`POST /push HTTP/1.1\r\nhost: x\r\ncontent-length: ${LARGEST}\r\n\r\n`);
    await once(socket, 'connect');
    // The service has read earlier requests before it answers the second; the checking push must not need the budget itself.
    for (let count = 0; count < 2; count += 1) await (await fetch(`${url}/health/live`)).text();
    return (await isRefused(push)) && !answered;
  });
  if (!full || !occupying) throw new Error('Expected to take all the bytes.');
  return occupying;
}

t.test('503 by the Content-Length, before any of the body is received', async (t) => {
  const service = await narrow(t);
  const first = await occupy(t, service);
  t.match(service.lines.at(-1), { severity: 'WARNING', reason: 'bytes-in-flight', status: 503 });
  const head = ['POST /push HTTP/1.1', 'host: x', `content-length: ${LARGEST}`];
  const second = await rawRequest(service.url, head);
  t.equal(second.status, 503);
  t.match(second.text, '\r\nretry-after: 1\r\n');
  t.match(second.text, '"bytes-in-flight"');
  first.destroy();
  t.ok(await until(async () => !(await isRefused(service.push))), 'and room again when the sender goes');
});

t.test('503 by counting without a declared length', async (t) => {
  const service = await narrow(t);
  const first = await occupy(t, service);
  const head = ['POST /push HTTP/1.1', 'host: x', 'transfer-encoding: chunked'];
  const second = await rawRequest(service.url, head, '5\r\nhello\r\n');
  t.equal(second.status, 503);
  t.match(second.text, '"bytes-in-flight"');
  first.destroy();
  t.ok(await until(async () => !(await isRefused(service.push))), 'and room again when the sender goes');
});

t.test('receives a body of a thousand chunks unchanged', async (t) => {
  const service = await narrow(t);
  const head = ['POST /push HTTP/1.1', 'host: x', 'transfer-encoding: chunked'];
  const body = [...wrap(payload)].map((letter) => `1\r\n${letter}\r\n`).join('');
  t.equal((await rawRequest(service.url, head, `${body}0\r\n\r\n`)).status, 204);
});

t.test('reserves the bytes until the event has its outcome, not only until the response', async (t) => {
  const service = await narrow(t, { ACKNOWLEDGE: 'received', DEAD_LETTER_TOPIC: 'dead-letters' });
  const push = () => postWhole(service, wrap({ ...payload, filler: 'x'.repeat(9_000_000) }));
  const off = fluent.faults.on({ kind: 'status', status: 503 });
  t.teardown(off);
  t.equal((await push()).status, 204, 'acknowledged');
  const second = await push();
  t.equal(second.status, 503);
  t.match(JSON.parse(second.text), { reason: 'bytes-in-flight' });
  off();
  t.ok(await until(async () => (await push()).status === 204));
  // An event that is not done when the service closes would be retried for minutes, and keep this process alive.
  t.ok(await until(() => service.lines.filter(({ outcome }) => outcome === 'done').length === 2));
});

t.test('releases the bytes after every kind of end', async (t) => {
  const service = await narrow(t);
  const size = 8_000_000;
  const bodies = {
    'no JSON': 'x'.repeat(size),
    'no base64': JSON.stringify({ message: { data: '*'.repeat(size) } }),
    'no route': wrap({ ...payload, resource: { typeId: 'order', id: 'o' }, filler: 'x'.repeat(size / 2) }),
    done: wrap({ ...payload, filler: 'x'.repeat(size / 2) }),
  };
  for (const [name, body] of Object.entries(bodies))
    for (let time = 0; time < 3; time += 1) t.not((await postWhole(service, body)).status, 503, name);
  for (let time = 0; time < 3; time += 1) (await occupy(t, service)).destroy();
  t.ok(await until(async () => !(await isRefused(service.push))), 'cut off');
});
