import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = join(import.meta.dirname, '../..');
const START_MILLISECONDS = 20_000;
const TICKS_A_SECOND = 100;

/** A server under measurement, as a separate process. */
export interface Server {
  readonly url: string;
  readonly push: string;
  /** Processor time since its start, user and system. */
  cpuSeconds(): Promise<number>;
  /** Its peak memory so far. */
  peakMegabytes(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts node in this project's folder with these arguments, and waits until it prints where it listens. */
export async function startServer(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Server> {
  // Into a file, because a reader of a pipe would use processor time of the server.
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const output = await open(join(folder, 'output'), 'w+');
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    // As in `app.yaml`: glibc then keeps less of the freed memory.
    env: { PATH: process.env['PATH'], MALLOC_ARENA_MAX: '2', ...env },
    stdio: ['ignore', output.fd, 'inherit'],
  });
  const url = await listening(child, join(folder, 'output')).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  return {
    url,
    push: `${url}/push`,
    async cpuSeconds() {
      // Fields 14 and 15, counted after the name, which may contain spaces. proc(5)
      const fields = (await readFile(`/proc/${child.pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
    },
    async peakMegabytes() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await gone;
      clearTimeout(timer);
      await output.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function listening(child: ChildProcess, output: string): Promise<string> {
  const until = performance.now() + START_MILLISECONDS;
  while (performance.now() < until) {
    if (child.exitCode !== null)
      throw new Error(`The server ended with ${child.exitCode} before it listened.`);
    const url = /listening at (http:\/\/127\.0\.0\.1:\d+)/.exec(await readFile(output, 'utf8'))?.[1];
    if (url) return url;
    await sleep(2);
  }
  throw new Error(`The server did not listen within ${START_MILLISECONDS} ms.`);
}
