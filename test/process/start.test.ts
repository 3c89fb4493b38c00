import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import t from 'tap';
import { parse } from 'yaml';
import { z } from 'zod';
import { runService, startProcess } from '../sandbox/process.ts';
import { environmentFor } from '../sandbox/service.ts';
import { START } from '../sandbox/start-command.ts';

const CREDENTIALS = {
  clientId: 'a-client-id',
  clientSecret: 'the-client-secret',
  username: 'a-user',
  password: 'the-password',
};
const env = environmentFor(
  { url: 'http://127.0.0.1:9', projectKey: 'a-project', credentials: CREDENTIALS },
  { url: 'http://127.0.0.1:9', credentials: CREDENTIALS },
);

t.test('starts while both upstreams are down', async (t) => {
  const service = await startProcess(t, env);
  t.equal((await fetch(`${service.url}/health/ready`)).status, 200);
  t.match(await service.stop(), { code: 0, stderr: '' });
});

t.test('does not start with faults, and reports all of them together, without secrets', async (t) => {
  const { FLUENT_PASSWORD: _, CTP_API_URL: __, ...rest } = env;
  const { exited, lines } = runService(t, {
    ...rest,
    PORT: 'http',
    PUSH_AUTH: 'token',
    PUSH_TOKEN: 'too-short',
    QUEUE_LIMIT: '-1',
    ACKNOWLEDGE: 'received',
    FLUENT_API_URL: 'no-url',
  });
  const { code, stderr } = await exited;
  t.equal(code, 1);
  const expected = [
    /^The configuration has \d+ faults:/,
    /environment PORT\n {2}expected {2}a whole number.*\n {2}found {5}"http"/,
    /environment PUSH_TOKEN\n.*tokens.*\n {2}found {5}a value of 9 characters/,
    /environment QUEUE_LIMIT/,
    /environment DEAD_LETTER_TOPIC/,
    /config\/connector\.yml:\d+:\d+\n {2}expected {2}the environment variable FLUENT_PASSWORD/,
    /config\/connector\.yml:\d+:\d+\n {2}expected {2}the environment variable CTP_API_URL/,
    /config\/connector\.yml:\d+:\d+\n.*an http:\/\/ or https:\/\/ URL/,
  ];
  for (const fault of expected) t.match(stderr, fault);
  for (const secret of ['too-short', 'the-client-secret', 'the-password'])
    t.notOk(stderr.includes(secret), 'tells no secret');
  t.same(lines, []);
});

t.test('does not start without PUSH_AUTH', async (t) => {
  const { PUSH_AUTH: _, ...rest } = env;
  const { code, stderr } = await runService(t, rest).exited;
  t.equal(code, 1);
  t.match(stderr, /environment PUSH_AUTH\n {2}expected {2}oidc, token, sns or none\n {2}found {5}nothing/);
});

t.test('prints in one line that the port or the address cannot be used', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  t.teardown(() => taken.close());
  await once(taken, 'listening');
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? String(address.port) : '';
  const cases = [
    {
      change: { PORT: port },
      expected: `Port ${port} of 127.0.0.1 is in use by another process (EADDRINUSE)`,
    },
    // An address that RFC 5737 reserves for examples.
    { change: { HOST: '192.0.2.1' }, expected: '192.0.2.1 is no address of this machine (EADDRNOTAVAIL)' },
  ];
  for (const { change, expected } of cases) {
    const { code, stderr } = await runService(t, { ...env, ...change }).exited;
    t.equal(code, 1, expected);
    t.equal(stderr.trimEnd().split('\n').length, 1, stderr);
    t.ok(stderr.startsWith(expected), stderr);
  }
});

t.test('npm, the Docker image and App Engine use the same start command', async (t) => {
  const dockerfile = await readFile('Dockerfile', 'utf8');
  const inImage = START.map((arg) => arg.replace('src/', '/opt/customer-sync/src/'));
  t.strictSame(JSON.parse(/^CMD (.*)$/m.exec(dockerfile)?.[1] ?? ''), ['node', ...inImage]);
  const { entrypoint } = z
    .object({ entrypoint: z.string() })
    .parse(parse(await readFile('app.yaml', 'utf8')));
  t.equal(entrypoint, ['node', ...START].join(' '));
});
