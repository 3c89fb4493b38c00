import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { changeOf, startUpstreams } from '../sandbox/connected.ts';
import { MEMORY_IS_KNOWN, peakMegabytes } from '../sandbox/memory.ts';
import { type ServiceProcess, startProcess } from '../sandbox/process.ts';
import { wrap } from '../sandbox/push.ts';
import { type RawAnswer, rawRequest } from '../sandbox/raw-request.ts';

// The memory of a 512 MB container, with a heap that ends the process when it is exceeded.
const HEAP = { NODE_OPTIONS: '--max-old-space-size=256', MALLOC_ARENA_MAX: '2' };
const MEGABYTE = 1024 * 1024;
const LARGEST_MEGABYTES = 450;
const PUSH_TOKEN = 'a-token-of-the-sender';

const options = { skip: MEMORY_IS_KNOWN ? false : 'needs /proc', timeout: 600_000 } as const;
const upstreams = await startUpstreams(t);
const { commercetools } = upstreams;

async function start(t: Test, env: Record<string, string> = {}): Promise<ServiceProcess> {
  return startProcess(t, { ...upstreams.env, ...HEAP, PUSH_AUTH: 'token', PUSH_TOKEN, ...env });
}

/** Asserts that the process lives, answers and has kept within the memory. */
async function lives(t: Test, service: ServiceProcess): Promise<void> {
  t.equal((await fetch(`${service.url}/health/live`)).status, 200, 'it answers');
  const peak = await peakMegabytes(service.pid);
  t.ok(peak < LARGEST_MEGABYTES, `its memory was ${Math.round(peak)} MB at most`);
}

function post(url: string, path: string, body: Buffer, headers: readonly string[] = []): Promise<RawAnswer> {
  const head = [`POST ${path} HTTP/1.1`, 'host: x', `content-length: ${body.length}`, ...headers];
  return rawRequest(url, head, body);
}

const authorized = [`authorization: Bearer ${PUSH_TOKEN}`, 'content-type: application/json'];

t.test('a body of 15 MB for a path that is not there', options, async (t) => {
  const service = await start(t);
  const bodies = { arrays: '[', objects: '{},', words: 'word ' };
  for (const [name, unit] of Object.entries(bodies)) {
    const body = Buffer.alloc(14.9 * MEGABYTE, unit);
    for (const type of ['application/json', 'text/plain']) {
      const { status } = await post(service.url, '/nope', body, [`content-type: ${type}`]);
      t.equal(status, 404, `${name} as ${type}`);
    }
  }
  await lives(t, service);
});

t.test('60 text bodies of 15 MB at once for a path that is not there', options, async (t) => {
  const service = await start(t);
  const body = Buffer.alloc(14.9 * MEGABYTE, 'text ');
  const sent = Array.from({ length: 60 }, () =>
    post(service.url, '/nope', body, ['content-type: text/plain']),
  );
  for (const { status } of await Promise.all(sent)) t.equal(status, 404);
  await lives(t, service);
});

t.test('40 valid pushes of 14 MB at once, all of which get through', options, async (t) => {
  const service = await start(t, { ACK_DEADLINE_SECONDS: '60' });
  const bodies = commercetools
    .seed(4)
    .map((customer) => Buffer.from(wrap({ ...changeOf(customer), filler: 'x'.repeat(10 * MEGABYTE) })));
  t.ok(bodies.every(({ length }) => length > 13_900_000));
  const refused = new Map<number | undefined, number>();

  async function push(body: Buffer): Promise<void> {
    for (;;) {
      const { status } = await post(service.url, '/push', body, authorized);
      if (status === 204) return;
      refused.set(status, (refused.get(status) ?? 0) + 1);
      if (status !== 503 && status !== undefined) throw new Error(`Expected 204 or 503, got ${status}.`);
      // As Retry-After says, and also where the connection was reset before the answer was read.
      await wait(1_000 + Math.random() * 1_000);
    }
  }

  // More than the memory by themselves, so that one that is held for too long shows.
  await Promise.all(Array.from({ length: 40 }, (_, index) => push(bodies[index % 4] ?? Buffer.alloc(0))));
  t.ok((refused.get(503) ?? 0) > 0, `refused until there is room: ${JSON.stringify([...refused])}`);
  await lives(t, service);
});

t.test('valid pushes of 14 MB that would be a million objects, or as deep', options, async (t) => {
  const service = await start(t);
  const filled = (text: string) => Buffer.from(wrap(text));
  const bodies = {
    'empty objects': filled(`[${'{},'.repeat(3_000_000)}{}]`),
    'nested arrays': filled('['.repeat(5_000_000) + ']'.repeat(5_000_000)),
    'nested objects': filled(`${'{"a":'.repeat(1_500_000)}1${'}'.repeat(1_500_000)}`),
    keys: filled(`{${Array.from({ length: 700_000 }, (_, index) => `"k${index}":${index}`).join(',')}}`),
    attributes: Buffer.from(
      `{"message":{"data":"e30=","attributes":{${Array.from({ length: 700_000 }, (_, index) => `"k${index}":1`).join(',')}}}}`,
    ),
  };
  for (const [name, body] of Object.entries(bodies)) {
    const sent = [1, 2].map(() => post(service.url, '/push', body, authorized));
    for (const { status, text } of await Promise.all(sent)) {
      t.equal(status, 422, name);
      t.match(text, /"undecodable".*at most/, name);
    }
  }
  await lives(t, service);
});

for (const path of ['/metrics', '/connector'])
  t.test(`20,000 pipelined GET ${path} whose answers nobody reads`, options, async (t) => {
    const service = await start(t);
    t.ok((await fetch(`${service.url}/metrics`)).ok);
    const before = await peakMegabytes(service.pid);
    const { hostname, port } = new URL(service.url);
    const sockets = Array.from({ length: 20 }, () => connectSocket(Number(port), hostname));
    t.teardown(() => sockets.forEach((socket) => void socket.destroy()));
    const requests = `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(1_000);
    await Promise.all(
      sockets.map(async (socket) => {
        // Never reads, and may be cut off for that.
        socket.pause().on('error', () => {});
        await once(socket, 'connect');
        socket.write(requests);
      }),
    );
    // All twenty have been served, or cut off, before this one.
    for (let asked = 0; asked < 20; asked += 1)
      t.equal((await fetch(`${service.url}/health/live`)).status, 200);
    const grown = (await peakMegabytes(service.pid)) - before;
    t.ok(grown < 150, `grew by ${Math.round(grown)} MB`);
  });
