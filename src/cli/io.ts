import type { Command } from 'commander';
import type { Configuration } from '../configuration/load.ts';

/** The input and output of a command. `src/cli/main.ts` creates it from the process, tests create their own. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadableStream;
  /** Results. With `--json`, one JSON document or one a line. */
  out(text: string): void;
  /** Progress, questions and errors. */
  err(text: string): void;
  /** True for an interactive terminal: progress bars, colours, questions. */
  readonly terminal: boolean;
  /** Aborts on SIGINT and SIGTERM: the command finishes what is in flight, stores its state, and prints how to continue. */
  readonly signal: AbortSignal;
  /**
   * Loads the configuration of the service; `over` replaces variables of the environment. Throws a `ConfigurationError` with
   * all faults.
   */
  configuration(over?: Readonly<Record<string, string | undefined>>): Promise<Configuration>;
}

/** The exit codes; documented in `src/cli/README.md`. */
export const EXIT = {
  /** Success, and nothing found. */
  ok: 0,
  /** The command ran and found something: a failed check, a difference, a rejected customer. */
  found: 1,
  /** The command line or the configuration is wrong; nothing was done. */
  usage: 2,
  /** An upstream or Google could not be reached or refused; running it again is safe. */
  failed: 3,
  /** Interrupted; the same command continues where it stopped. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Adds a command; its action calls `finish` with the exit code. */
export type Register = (program: Command, io: Io, finish: (code: ExitCode) => void) => void;
