import { textOfError } from '../observe/describe-error.ts';
import { createLog, type Log } from '../observe/log.ts';
import type { Io } from './io.ts';

/** A log on the error stream, separate from the results: warnings and errors. */
export function logTo(io: Io): Log {
  return createLog('warn', { write: (line) => io.err(line.trimEnd()) }, optionsOf(io));
}

/** Like `logTo`, but errors only: for commands that report rejections themselves. */
export function errorLogTo(io: Io): Log {
  return createLog('error', { write: (line) => io.err(line.trimEnd()) }, optionsOf(io));
}

/** An unexpected error as text for the terminal; its message only if the log may contain it too. */
export function describeUnknown(error: unknown, io: Pick<Io, 'env'>): string {
  return textOfError(error, { withMessage: optionsOf(io).errorMessages });
}

/** The same rule as the service: no messages of unknown errors in production. */
function optionsOf({ env }: Pick<Io, 'env'>): { readonly errorMessages: boolean } {
  return { errorMessages: env['NODE_ENV']?.trim() !== 'production' };
}
