import { WithoutMessage } from '../observe/describe-error.ts';
import type { Log } from '../observe/log.ts';

interface Process {
  on(event: 'uncaughtException' | 'unhandledRejection', listener: (error: unknown) => void): unknown;
}

/**
 * Logs an uncaught error, probably of a handler, by its type and frames, because its text may hold personal data. Then calls
 * `end`, because the state of the process is unknown.
 */
export function endOnUncaught(process: Process, log: Log, end: () => void): void {
  process.on('uncaughtException', (error) => {
    log.fatal({ err: new WithoutMessage(error) }, 'An exception was thrown that nothing caught.');
    end();
  });
  process.on('unhandledRejection', (error) => {
    log.fatal({ err: new WithoutMessage(error) }, 'A promise was rejected that nothing handles.');
    end();
  });
}
