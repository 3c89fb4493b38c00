import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { execPath } from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { SERVICE_COMMAND } from '../../process/service-command.ts';

/** Time for the service to stop before it is killed; events in flight are then redelivered. */
const GRACE_MILLISECONDS = 400;

/** What the service reports while it runs. */
export interface Listener {
  line(text: string): void;
  listening(): void;
  ended(code: number | null): void;
}

/** The service in a process of its own, which can be started anew. */
export class Service {
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #listener: Listener;
  #child: ChildProcess | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(env: Readonly<Record<string, string | undefined>>, listener: Listener) {
    this.#env = env;
    this.#listener = listener;
  }

  /** Restarts the service. Concurrent calls run one after another. */
  restart(): Promise<void> {
    return this.#next(async () => {
      await this.#end();
      this.#start();
    });
  }

  stop(): Promise<void> {
    return this.#next(() => this.#end());
  }

  #next(step: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(step);
    return this.#turn;
  }

  #start(): void {
    const child = spawn(execPath, SERVICE_COMMAND, {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    createInterface(child.stdout).on('line', (text) => {
      this.#listener.line(text);
      if (text.includes('"message":"Server listening at ')) this.#listener.listening();
    });
    createInterface(child.stderr).on('line', (text) => this.#listener.line(text));
    child.once('close', (code) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.#listener.ended(code);
    });
  }

  async #end(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = new AbortController();
    const late = wait(GRACE_MILLISECONDS, true, { signal: timer.signal }).catch(() => false);
    const isLate = await Promise.race([exited.then(() => false), late]);
    timer.abort();
    if (isLate) child.kill('SIGKILL');
    await exited;
  }
}
