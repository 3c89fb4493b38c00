import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { type Current, missingOrSkip, type PubSubEmulator } from './pubsub-emulator.ts';

const KEEPER = join(import.meta.dirname, 'emulator-keeper.ts');
const LONGEST_MILLISECONDS = 150_000;

const Joined = z.union([z.object({ host: z.string() }), z.object({ missing: z.string() })]);
const Said = z.union([Joined, z.object({ fault: z.string() })]);

/** The emulator of this run of the tests, started by whoever asks first, with a project that is this process's alone. */
export async function sharedEmulatorOrSkip(
  t: Current,
): Promise<Pick<PubSubEmulator, 'host' | 'projectId'> | undefined> {
  const joined = await joinEmulator(process.ppid);
  t.teardown(async () => {
    joined.socket.destroy();
  });
  if ('missing' in joined.said) return missingOrSkip(t, joined.said.missing);
  return { host: joined.said.host, projectId: `sandbox-project-${process.pid}` };
}

/** Joins the emulator of the run whose process is `run`, for as long as the socket is open. */
export async function joinEmulator(run: number): Promise<{ socket: Socket; said: z.infer<typeof Joined> }> {
  const path = join(tmpdir(), `customer-sync-emulator-${run}.sock`);
  const end = performance.now() + LONGEST_MILLISECONDS;
  while (performance.now() < end) {
    const socket = connect({ path, allowHalfOpen: true });
    const said: string | undefined = await once(socket, 'connect').then(
      () => text(socket),
      () => undefined,
    );
    // A keeper that is about to end says nothing.
    const parsed = said ? Said.parse(JSON.parse(said)) : undefined;
    if (parsed && !('fault' in parsed)) return { socket, said: parsed };
    socket.destroy();
    if (parsed) throw new Error(parsed.fault);
    // Where there is a keeper by now, this one finds it and ends.
    if (said === undefined) await startKeeper(path, run);
    else await wait(50);
  }
  throw new Error(
    `Expected the Pub/Sub emulator of this run at ${path} within ${LONGEST_MILLISECONDS / 1000} s.`,
  );
}

/** Returns when it listens, or has ended. */
async function startKeeper(path: string, run: number): Promise<void> {
  const keeper = spawn(process.execPath, [KEEPER, path, String(run)], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  await Promise.race([once(keeper.stdout, 'data'), once(keeper, 'close')]);
  keeper.stdout.destroy();
  keeper.unref();
}
