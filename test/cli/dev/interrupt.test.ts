import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { freePort } from '../../sandbox/free-port.ts';
import { until } from '../../sandbox/until.ts';
import { startCommand } from '../command.ts';

/** `reached` is a file that says that `dev` now waits for the program. */
type Program = (reached: string, release: string) => string;

/** Reads from a pipe that nothing is written to, and ignores the signal that a time-out sends. */
const GCLOUD: Program = (reached, release) => `#!/bin/sh
trap '' TERM
: > '${reached}'
read line < '${release}'
`;

/** An emulator that holds each connection from the first bytes on that `held` matches, and answers the others. */
const emulator =
  (held: RegExp): Program =>
  (reached) =>
    `#!${process.execPath}
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
const port = process.argv.find((one) => one.startsWith('--port=')).slice('--port='.length);
createServer((socket) => {
  socket.on('error', () => {});
  socket.on('data', (bytes) => {
    if (${held}.test(String(bytes))) writeFileSync('${reached}', '');
    else socket.end('HTTP/1.1 200 OK\\r\\ncontent-length: 0\\r\\n\\r\\n');
  });
}).listen(Number(port), '127.0.0.1');
`;

const POINTS: readonly (readonly [string, name: 'gcloud' | 'java', Program])[] = [
  ['gcloud does not say where it is installed', 'gcloud', GCLOUD],
  ['the emulator accepts and does not answer', 'java', emulator(/^/)],
  ['the emulator answers, and no topic is made', 'java', emulator(/^PRI/)],
];

for (const [point, name, program] of POINTS)
  t.test(`Ctrl-C ends dev while ${point}`, async (t) => {
    const folder = t.testdir({ bin: {}, 'emulator.jar': '' });
    const reached = join(folder, 'reached');
    const release = await pipe(t, join(folder, 'release'));
    const file = join(folder, 'bin', name);
    await writeFile(file, program(reached, release));
    await chmod(file, 0o755);
    const jar = name === 'java' ? { PUBSUB_EMULATOR_JAR: join(folder, 'emulator.jar') } : {};
    const env = { PATH: `${join(folder, 'bin')}:${process.env['PATH']}`, ...jar };
    const command = startCommand(t, ['dev', '--port', String(await freePort())], env, { cwd: folder });
    let code: number | null | undefined;
    void command.ended.then((ended) => {
      code = ended.code;
    });
    t.ok(await until(() => existsSync(reached) || code !== undefined), 'it waits');
    t.equal(code, undefined, 'and has not ended');
    command.kill('SIGINT');
    t.ok(await until(() => code !== undefined, 60_000), 'it ends, though nothing has let it go on');
    t.equal(code, 0);
    t.notOk(existsSync(join(folder, '.env.local')));
  });

/** A named pipe that is held open until the end of the test: a program that reads it ends then. */
async function pipe(t: Test, path: string): Promise<string> {
  await promisify(execFile)('mkfifo', [path]);
  // For reading too: to open it for writing alone would wait for the program.
  const held = await open(path, 'r+');
  t.teardown(() => held.close());
  return path;
}
