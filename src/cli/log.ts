import { textOfError } from '../observe/describe-error.ts';
import { createLog, type Log } from '../observe/log.ts';
import type { Io } from './io.ts';

/** A log whose lines go to the error stream, so that results stay apart; warnings and worse. */
export function logTo(io: Io): Log {
  return createLog('warn', { write: (line) => io.err(line.trimEnd()) }, sayingOf(io));
}

/** As `logTo`, for work whose rejections are reported otherwise: errors only. */
export function quietLogTo(io: Io): Log {
  return createLog('error', { write: (line) => io.err(line.trimEnd()) }, sayingOf(io));
}

/** An unexpected error as text for the terminal; its message only if the log may contain it too. */
export function describeUnknown(error: unknown, io: Pick<Io, 'env'>): string {
  return textOfError(error, { withMessage: sayingOf(io).errorMessages });
}

/** As the service has it. */
function sayingOf({ env }: Pick<Io, 'env'>): { readonly errorMessages: boolean } {
  return { errorMessages: env['NODE_ENV']?.trim() !== 'production' };
}
