import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { START } from '../sandbox/start-command.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const START_MILLISECONDS = 30_000;
/** The time that a host allows between SIGTERM and SIGKILL. */
const GRACE_MILLISECONDS = 10_000;

/** An instance of the service as a separate process. */
export interface Instance {
  readonly child: ChildProcess;
  /** Undefined before it listens. */
  url: string | undefined;
  /** True while it receives pushes. */
  inRotation: boolean;
  /** The signal that was sent to it; an end without one is a crash. */
  ended: 'not' | 'killed' | 'drained';
  readonly output: string[];
  readonly stderr: string[];
}

/**
 * Starts, kills, drains and replaces real instances. Keeps their raw output instead of parsed lines, because a killed process
 * may write half a line, and the log scan must check everything.
 */
export class Instances {
  kills = 0;
  drains = 0;
  /** Drains that did not exit with 0 in time, and processes that ended by themselves. */
  readonly misbehaved: string[] = [];
  readonly all: Instance[] = [];
  readonly #env: Readonly<Record<string, string>>;
  readonly #guard = () => this.killAll();

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
    process.on('exit', this.#guard);
  }

  /** The instances that listen and receive pushes. */
  get live(): Instance[] {
    return this.all.filter(({ url, inRotation }) => url !== undefined && inRotation);
  }

  /** Starts an instance and waits until it listens. */
  async start(): Promise<Instance> {
    const child = spawn(process.execPath, START, {
      cwd: ROOT,
      env: { PATH: process.env['PATH'] ?? '', ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: string[] = [];
    const stderr: string[] = [];
    const instance: Instance = { child, url: undefined, inRotation: false, ended: 'not', output, stderr };
    this.all.push(instance);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => output.push(text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => stderr.push(text));
    child.once('exit', (code, signal) => {
      instance.inRotation = false;
      if (instance.ended === 'not') this.misbehaved.push(`ended by itself: code ${code}, signal ${signal}`);
    });
    const end = performance.now() + START_MILLISECONDS;
    while (isRunning(child) && performance.now() < end) {
      const url = /listening at (http:\/\/[^"\s]+)/.exec(output.join(''))?.[1];
      if (url !== undefined) {
        instance.url = url;
        instance.inRotation = true;
        return instance;
      }
      await wait(20);
    }
    if (instance.ended === 'not')
      throw new Error(`Expected the service to listen, it did not: ${stderr.join('')}${output.join('')}`);
    return instance;
  }

  /** Sends SIGKILL, like a crash. */
  kill(instance: Instance): void {
    instance.ended = 'killed';
    this.kills += 1;
    instance.child.kill('SIGKILL');
  }

  /** Sends SIGTERM, like a scale-down, and waits for the end. */
  async drain(instance: Instance, { stillSent }: { stillSent: boolean }): Promise<void> {
    instance.ended = 'drained';
    instance.inRotation = stillSent;
    this.drains += 1;
    const { child } = instance;
    const closed = isRunning(child) ? once(child, 'close') : undefined;
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), GRACE_MILLISECONDS);
    await closed;
    clearTimeout(late);
    if (child.exitCode !== 0)
      this.misbehaved.push(`SIGTERM: exit code ${child.exitCode}, signal ${child.signalCode}`);
  }

  /** Drains all running instances. */
  async stop(): Promise<void> {
    const running = this.all.filter(({ child, ended }) => isRunning(child) && ended !== 'killed');
    const waiting = running.filter(({ ended }) => ended === 'not');
    await Promise.all(waiting.map((instance) => this.drain(instance, { stillSent: false })));
    const end = performance.now() + GRACE_MILLISECONDS;
    while (this.all.some(({ child }) => isRunning(child)) && performance.now() < end) await wait(20);
    this.killAll();
    process.off('exit', this.#guard);
  }

  /** Kills all instances by their ids immediately; also called when this process ends early. */
  killAll(): void {
    for (const instance of this.all) {
      if (!isRunning(instance.child)) continue;
      if (instance.ended === 'not') instance.ended = 'killed';
      instance.child.kill('SIGKILL');
    }
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
