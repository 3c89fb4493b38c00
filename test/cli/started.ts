import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** The part of a tap test that is used. */
interface Current {
  teardown(stop: () => unknown): unknown;
}

/** How a command ended, and what it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** A command under way. */
export interface Command {
  readonly pid: number | undefined;
  readonly ended: Promise<Ended>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts `customer-sync` as a process of its own, in the folder `cwd`, with this environment and no other. */
export function startCommand(
  t: Current,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
): Command {
  const child = spawn(process.execPath, [join(ROOT, 'src/customer-sync.js'), ...args], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', CONNECTOR_CONFIG: join(ROOT, 'config/connector.yml'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => {
    out += text;
  });
  child.stderr.on('data', (text) => {
    err += text;
  });
  const ended = once(child, 'close').then(() => ({
    code: child.exitCode,
    signal: child.signalCode,
    out,
    err,
  }));
  t.teardown(() => {
    child.kill('SIGKILL');
    return ended;
  });
  return { pid: child.pid, ended, kill: (signal) => child.kill(signal) };
}

/** As `startCommand`, to its end. */
export function runCommand(...given: Parameters<typeof startCommand>): Promise<Ended> {
  return startCommand(...given).ended;
}
