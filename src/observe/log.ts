import { type Logger, pino } from 'pino';
import { describeError } from './describe-error.ts';

/** A pino logger. Ids, versions, codes and names of fields only: never a name, an address, a token or a payload. */
export type Log = Logger;

const SEVERITY: Record<string, string> = {
  trace: 'DEBUG',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
};

/** Takes one line a call. */
export interface LineWriter {
  write(line: string): void;
  /** Calls back when what was written is on its way. */
  flush?(done: () => void): void;
}

const NOWHERE: LineWriter = { write() {} };

/**
 * One JSON line an entry, in the fields that Cloud Logging reads; nowhere without a destination.
 * https://cloud.google.com/logging/docs/structured-logging
 */
export function createLog(level: string, destination: LineWriter = NOWHERE): Log {
  return pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ severity: SEVERITY[label] ?? 'DEFAULT' }) },
      // An error is logged by its name, code and stack frames. Its message may quote a request, and that a token or a person.
      serializers: { err: describeError },
      // Without a message of ours pino would put the error's in its place.
      hooks: {
        logMethod(given, method) {
          const hasOwnText = typeof given[0] === 'string' || given.length > 1;
          method.apply(this, hasOwnText ? given : [given[0], textFor(given[0])]);
        },
      },
    },
    destination,
  );
}

function textFor(logged: unknown): string | undefined {
  if (logged instanceof Error) return 'An error.';
  return typeof logged === 'object' && logged !== null && 'err' in logged ? 'An error.' : undefined;
}
