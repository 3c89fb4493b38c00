import type { IncomingHttpHeaders } from 'node:http';
import { type Logger, pino } from 'pino';
import { describeError, WithoutMessage } from './describe-error.ts';

/** A pino logger. Log only ids, versions, codes and names of fields, never a name, an address, a token or a payload. */
export type Log = Logger;

/** The field of a line that names the trace it belongs to: the prefix `projects/<id>/traces/`, and the trace. */
export const TRACE_FIELD = 'logging.googleapis.com/trace';

const SEVERITY: Record<string, string> = {
  trace: 'DEBUG',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
};

/** Writes one line a call. */
export interface LineWriter {
  write(line: string): void;
  /** Calls back when the written lines are passed on. */
  flush?(done: () => void): void;
}

const NOWHERE: LineWriter = { write() {} };

export interface LogOptions {
  /**
   * An error is logged by its name, code and stack frames; with this by its message too, which may quote a request, and
   * that a token or a person.
   */
  readonly errorMessages?: boolean;
}

/**
 * Creates a log of JSON lines with the fields that Cloud Logging reads; without a destination it writes nothing.
 * https://cloud.google.com/logging/docs/structured-logging
 */
export function createLog(
  level: string,
  destination: LineWriter = NOWHERE,
  { errorMessages = false }: LogOptions = {},
): Log {
  return pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ severity: SEVERITY[label] ?? 'DEFAULT' }) },
      serializers: {
        err: (error: unknown) =>
          error instanceof WithoutMessage
            ? describeError(error.error)
            : describeError(error, { withMessage: errorMessages }),
      },
      // Without a message pino would log the error's own.
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

/** The trace that a request belongs to, 32 hexadecimal digits: from `traceparent`, else `X-Cloud-Trace-Context`. */
export function traceOf(headers: IncomingHttpHeaders): string | undefined {
  const { traceparent, 'x-cloud-trace-context': cloud } = headers;
  const w3c = typeof traceparent === 'string' ? /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(traceparent) : null;
  const google = typeof cloud === 'string' ? /^([0-9a-f]{32})(\/|$)/i.exec(cloud) : null;
  return w3c?.[1] ?? google?.[1];
}
