import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { chdir, cwd as currentFolder } from 'node:process';
import { Readable } from 'node:stream';
import manifest from '../../package.json' with { type: 'json' };
import { runCommandLine } from '../../src/cli/command-line.ts';
import { formatFaults } from '../../src/configuration/environment.ts';
import { loadConfiguration } from '../../src/configuration/load.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const COMMAND = join(ROOT, manifest.bin['customer-sync']);

/** The part of a tap test that is used. */
interface Current {
  teardown(stop: () => unknown): unknown;
}

/** The working directory of a command (default: the project's folder), and its standard input. */
export interface Place {
  readonly cwd?: string;
  readonly input?: string;
  /** The file of the command, if it is another copy. */
  readonly command?: string;
  /** Called for each piece of output. */
  readonly onText?: (text: string) => void;
}

/** The exit code and the output of a command. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A command in flight, as a process. */
export interface Command {
  readonly pid: number | undefined;
  readonly ended: Promise<Ended>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts `customer-sync` as a separate process, with this environment only. */
export function startCommand(
  t: Current,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { cwd = ROOT, input = '', command = COMMAND, onText = () => {} }: Place = {},
): Command {
  const child = spawn(process.execPath, [command, ...args], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: 'pipe',
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => {
    out += text;
    onText(String(text));
  });
  child.stderr.on('data', (text) => {
    err += text;
    onText(String(text));
  });
  // A command may end before it has read its input.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, out, err }));
  t.teardown(() => {
    child.kill('SIGKILL');
    return ended;
  });
  return { pid: child.pid, ended, kill: (signal) => child.kill(signal) };
}

/** Runs `customer-sync` as a separate process, and waits for its end. */
export function runProcess(...given: Parameters<typeof startCommand>): Promise<Ended> {
  return startCommand(...given).ended;
}

/**
 * Runs `customer-sync` in this process. With a folder, run only one at a time, because a process has only one working
 * directory.
 */
export async function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { cwd = ROOT, input = '' }: Place = {},
): Promise<Ended> {
  let out = '';
  let err = '';
  const io = {
    env,
    stdin: Readable.from(input === '' ? [] : [input]),
    out: (text: string) => {
      out += `${text}\n`;
    },
    err: (text: string) => {
      err += `${text}\n`;
    },
    terminal: false,
    signal: new AbortController().signal,
    configuration: (over?: Readonly<Record<string, string | undefined>>) =>
      loadConfiguration({ PUSH_AUTH: 'none', ...env, ...over }),
  };
  const before = currentFolder();
  chdir(cwd);
  try {
    return { code: await runCommandLine(args, io, formatFaults), out, err };
  } finally {
    chdir(before);
  }
}
