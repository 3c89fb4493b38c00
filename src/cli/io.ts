import type { Command } from 'commander';
import type { Configuration } from '../configuration/load.ts';

/** What a command works with; a test gives its own. Only `src/cli/main.ts` fills it from the process. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadableStream;
  /** Results. With `--json`, one JSON document or one a line. */
  out(text: string): void;
  /** Progress, questions and errors. */
  err(text: string): void;
  /** True when a person watches: progress bars, colours, questions. */
  readonly terminal: boolean;
  /** Aborts on SIGINT and SIGTERM: finish what is in flight, keep the state, say how to go on. */
  readonly signal: AbortSignal;
  /** The configuration of the service, with `over` laid over the environment; throws a `ConfigurationError` with all faults. */
  configuration(over?: Readonly<Record<string, string | undefined>>): Promise<Configuration>;
}

/** How a command ended; documented in `src/cli/README.md`, for scripts. */
export const EXIT = {
  /** All as asked. */
  ok: 0,
  /** It ran, and found something: a red check, a difference, a rejected customer. */
  found: 1,
  /** The command line or the configuration is at fault; nothing was done. */
  usage: 2,
  /** An upstream or Google could not be reached or refused; running it again is safe. */
  failed: 3,
  /** Interrupted; running it again goes on where it was. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Adds a command; its action calls `finish` with the exit code. */
export type Register = (program: Command, io: Io, finish: (code: ExitCode) => void) => void;
