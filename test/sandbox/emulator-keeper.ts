import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { startPubSubEmulator } from './pubsub-emulator.ts';

// Keeps one emulator for all test processes of a run: node emulator-keeper.ts <socket> <id of the run's process>.
// A test tells by its connection how long it needs it. Ends with the run, and long before where the run is a shell.
const [path = '', run = ''] = process.argv.slice(2);
// The child of 1 is a test whose run was killed: nobody comes after it.
const UNUSED_MILLISECONDS = run === '1' ? 500 : 15_000;
const LOOK_MILLISECONDS = 200;

const users = new Set<Socket>();
const starting = Promise.withResolvers<string>();
const server = createServer({ allowHalfOpen: true }, async (user) => {
  users.add(user);
  user.on('error', () => undefined);
  user.on('close', () => {
    users.delete(user);
    lastUsed = performance.now();
  });
  // Half open from here on: what is left of the connection says that it is in use.
  user.resume().end(await starting.promise);
});
let lastUsed = performance.now();

await listen();
process.stdout.on('error', () => undefined);
process.stdout.write('listening');
const timer = setInterval(() => {
  if (!isAlive(Number(run))) process.exit();
  if (users.size === 0 && performance.now() - lastUsed > UNUSED_MILLISECONDS) process.exit();
}, LOOK_MILLISECONDS);
timer.unref();
process.on('exit', () => rmSync(path, { force: true }));

// Java ends with this process, however that ends.
const answer = await startPubSubEmulator().catch((error: unknown) => ({ fault: String(error) }));
starting.resolve(JSON.stringify(answer));

/** Exits where another keeper listens already; a socket that nobody listens at was left by one that was killed. */
async function listen(): Promise<void> {
  for (const last of [false, true]) {
    server.listen(path);
    const listening = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (listening) return;
    const other = connect(path);
    const inUse = await once(other, 'connect').then(
      () => true,
      () => false,
    );
    if (inUse || last) process.exit();
    rmSync(path, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
