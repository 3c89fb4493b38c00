import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '../..');
const START_MILLISECONDS = 20_000;
const TICKS_A_SECOND = 100;

/** A server under measurement, as a process of its own. */
export interface Server {
  readonly url: string;
  readonly push: string;
  /** Processor time since its start, user and system. */
  cpuSeconds(): Promise<number>;
  /** The most memory it has had so far. */
  peakMegabytes(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts a file of this project with node, and waits until it says where it listens. */
export async function startServer(file: string, env: Readonly<Record<string, string>> = {}): Promise<Server> {
  const child = spawn(process.execPath, [join(ROOT, file)], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await listening(child).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  return {
    url,
    push: `${url}/push`,
    async cpuSeconds() {
      // Fields 14 and 15, counted after the name, which may hold spaces. proc(5)
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
    },
  };
}

async function listening(child: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const timer = setTimeout(() => reject(new Error('The server did not listen in time.')), START_MILLISECONDS);
  child.once('exit', () => reject(new Error('The server ended before it listened.')));
  if (!child.stdout) throw new Error('Expected a server with a standard output.');
  // Read to the end, as a log collector does: an unread pipe would stop the server.
  createInterface(child.stdout).on('line', (line) => {
    const url = /listening at (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
    if (url) resolve(url);
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
