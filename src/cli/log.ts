import { createLog, type Log } from '../observe/log.ts';
import type { Io } from './io.ts';

/** A log whose lines go to the error stream, so that results stay apart; warnings and worse. */
export function logTo(io: Io): Log {
  return createLog('warn', { write: (line) => io.err(line.trimEnd()) });
}

/** As `logTo`, for work whose rejections are reported otherwise: errors only. */
export function quietLogTo(io: Io): Log {
  return createLog('error', { write: (line) => io.err(line.trimEnd()) });
}
