import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { START } from './start-command.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const START_MILLISECONDS = 120_000;

/** The part of a tap test that is used. */
interface Current {
  teardown(stop: () => unknown): unknown;
}

/** The end of a process. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** The service as a separate process, as it is deployed. */
export interface ServiceProcess {
  readonly url: string;
  readonly pid: number | undefined;
  /** Every log line so far, parsed. */
  readonly lines: Record<string, unknown>[];
  /** Sends the signal and waits for the end of the process. */
  stop(signal?: NodeJS.Signals): Promise<Exit>;
  readonly exited: Promise<Exit>;
}

/**
 * Starts the service with this environment only, until it or the test ends. `folder` is the working directory (default: the
 * repository), `command` the program with its arguments.
 */
export function runService(
  t: Current,
  env: Readonly<Record<string, string>>,
  folder = ROOT,
  [program = process.execPath, ...args]: readonly string[] = [process.execPath, ...START],
): Omit<ServiceProcess, 'url'> & { onLine(listen: () => void): void } {
  const child = spawn(program, args, {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: Record<string, unknown>[] = [];
  const listeners: (() => void)[] = [];
  createInterface(child.stdout).on('line', (line) => {
    lines.push(JSON.parse(line));
    for (const listen of listeners) listen();
  });
  let stderr = '';
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  // `close` comes after the last output; `exit` may come before it.
  const exited = once(child, 'close').then(() => ({
    code: child.exitCode,
    signal: child.signalCode,
    stderr,
  }));
  t.teardown(() => {
    child.kill('SIGKILL');
    return exited;
  });
  return {
    pid: child.pid,
    lines,
    exited,
    onLine: (listen) => listeners.push(listen),
    stop(signal = 'SIGTERM') {
      child.kill(signal);
      return exited;
    },
  };
}

/** Starts the service, and waits until it listens; rejects with its output if it ends before. */
export async function startProcess(
  t: Current,
  env: Readonly<Record<string, string>>,
  folder?: string,
  command?: readonly string[],
): Promise<ServiceProcess> {
  const running = runService(t, env, folder, command);
  const listening = Promise.withResolvers<string>();
  const timer = setTimeout(
    () => listening.reject(new Error(`Expected the service to listen within ${START_MILLISECONDS} ms.`)),
    START_MILLISECONDS,
  );
  running.onLine(() => {
    const message = String(running.lines.at(-1)?.['message']);
    const url = /listening at (http:\/\/\S+)/.exec(message)?.[1];
    if (url !== undefined) listening.resolve(url);
  });
  running.exited.then(({ code, stderr }) =>
    listening.reject(new Error(`Expected the service to listen, it ended with ${code}: ${stderr}`)),
  );
  try {
    return { ...running, url: await listening.promise };
  } finally {
    clearTimeout(timer);
  }
}
