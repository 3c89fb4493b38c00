import { type Logger, pino } from 'pino';

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

/** With 0, the default, `flush` would call back at once, while a write is in flight: at an exit its lines came last. */
const LEAST_BYTES_A_WRITE = 1;
/** The stream measures all that waits for a write anew with each line: of its 16 KB a line would cost the half in memory. */
const MOST_BYTES_A_WRITE = 4_096;

/**
 * One JSON line an entry, in the fields that Cloud Logging reads.
 * https://cloud.google.com/logging/docs/structured-logging
 */
export function createLog(level: string, destination?: { write(line: string): void }): Log {
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
    destination ??
      pino.destination({ sync: false, minLength: LEAST_BYTES_A_WRITE, maxWrite: MOST_BYTES_A_WRITE }),
  );
}

function textFor(logged: unknown): string | undefined {
  if (logged instanceof Error) return 'An error.';
  return typeof logged === 'object' && logged !== null && 'err' in logged ? 'An error.' : undefined;
}

function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const frames = error.stack
    ?.replace(error.message, '')
    .split('\n')
    .filter((line) => line.startsWith('    at '));
  return { type: error.name, code, stack: frames?.join('\n') };
}
