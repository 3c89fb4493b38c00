import type { Log } from '../observe/log.ts';

interface Process {
  on(event: 'uncaughtException' | 'unhandledRejection', listener: (error: unknown) => void): unknown;
}

/**
 * Logs what nobody caught, a handler's most likely, by its kind and frames: its text may tell of a person. Then `end` is
 * called, because nobody knows what was left half done.
 */
export function endOnUncaught(process: Process, log: Log, end: () => void): void {
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'An exception was thrown that nothing caught.');
    end();
  });
  process.on('unhandledRejection', (error) => {
    log.fatal({ err: error }, 'A promise was rejected that nothing handles.');
    end();
  });
}
