import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { wrap } from '../sandbox/push.ts';
import { environmentFor } from '../sandbox/service.ts';
import { START } from '../sandbox/start-command.ts';
import { until } from '../sandbox/until.ts';

const CREDENTIALS = { clientId: 'a', clientSecret: 'b', username: 'c', password: 'd' };
const NOWHERE = { url: 'http://127.0.0.1:9', projectKey: 'p', credentials: CREDENTIALS };

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (typeof address !== 'object' || address === null) throw new Error('Expected a port.');
  return String(address.port);
}

/** Starts the service with this stdout, and waits until it answers. */
async function startWith(t: Test, stdout: 'pipe' | number) {
  const port = await freePort();
  const env = { ...environmentFor(NOWHERE, NOWHERE), PORT: port, PATH: process.env['PATH'] ?? '' };
  const child = spawn(process.execPath, START, { env, stdio: ['ignore', stdout, 'pipe'] });
  const exited = once(child, 'exit');
  t.teardown(() => child.kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}`;
  const isAlive = () =>
    fetch(`${url}/health/live`, { signal: AbortSignal.timeout(30_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  t.ok(await until(isAlive), 'it started');
  return { child, exited, isAlive, push: `${url}/push` };
}

/** A push of an unknown account with the longest names: its log line has 800 characters. */
const LONG = {
  notificationType: 'ResourceUpdated',
  projectKey: 'p'.repeat(36),
  resource: { typeId: 'customer', id: 'c'.repeat(64) },
  version: 1,
};

const AT_ONCE = 50;

/** Sends pushes that each cause one log line, many on one connection, which makes sending cheap. */
async function fillLog(push: string, pushes: number): Promise<void> {
  const { host, hostname, port, pathname } = new URL(push);
  const body = wrap(LONG, { messageId: 'm'.repeat(128) });
  const head = [
    `POST ${pathname} HTTP/1.1`,
    `host: ${host}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
  ];
  const requests = `${head.join('\r\n')}\r\n\r\n${body}`.repeat(AT_ONCE);
  for (let sent = 0; sent < pushes; sent += AT_ONCE) {
    const socket = connect(Number(port), hostname).setEncoding('latin1');
    socket.write(requests);
    let said = '';
    for (let answers = 0; answers < AT_ONCE; answers = said.split('HTTP/1.1 422 ').length - 1) {
      const [text] = await once(socket, 'data', { signal: AbortSignal.timeout(120_000) });
      said += text;
    }
    socket.destroy();
  }
}

t.test('a stdout that is not read blocks neither the service nor its shutdown', async (t) => {
  const { child, exited, isAlive, push } = await startWith(t, 'pipe');
  // Never read: the pipe and the buffer of this process are full.
  child.stdout?.pause();
  await fillLog(push, 1_000);
  t.ok(await isAlive());
  child.kill('SIGTERM');
  t.strictSame(await exited, [0, null]);
});

t.test('a stdout that is read again gets the number of missing lines', async (t) => {
  const { child, exited, isAlive, push } = await startWith(t, 'pipe');
  const { stdout } = child;
  if (!stdout) throw new Error('Expected a pipe.');
  stdout.pause();
  await fillLog(push, 2_700);
  t.ok(await isAlive());
  const dropped = new Promise<unknown>((resolve) => {
    createInterface(stdout).on('line', (line) => {
      const entry = JSON.parse(line);
      if (entry.dropped !== undefined) resolve(entry);
    });
  });
  t.match(await dropped, { severity: 'WARNING', dropped: Number });
  child.kill('SIGTERM');
  t.strictSame(await exited, [0, null]);
});

t.test('neither does a full disk', async (t) => {
  const full = await open('/dev/full', 'w');
  t.teardown(() => full.close());
  const { child, exited, isAlive, push } = await startWith(t, full.fd);
  await fillLog(push, 200);
  t.ok(await isAlive());
  child.kill('SIGTERM');
  t.strictSame(await exited, [0, null]);
});
