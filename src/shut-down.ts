import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Log } from './log.ts';

const CLOSE_MILLISECONDS = 1_000;
/** How the shell names an end by Ctrl-C. */
const INTERRUPTED = 130;

export interface ShutDownOptions {
  /** True when a person may press Ctrl-C: only then does a second one end the drain. */
  readonly terminal: boolean;
  /** How many events are waiting or in flight. */
  readonly pending: () => number;
  readonly exit: (code: number) => void;
}

/**
 * Gives the listener for SIGTERM and SIGINT: the first signal drains and ends the process. Further ones never shorten that,
 * because hosts send several; a second Ctrl-C on a terminal does, and says what it leaves behind.
 */
export function createShutDown(
  app: Pick<FastifyInstance, 'drain' | 'close'>,
  log: Log,
  { terminal, pending, exit }: ShutDownOptions,
): (signal: NodeJS.Signals) => void {
  let isDraining = false;
  return (signal) => {
    if (!isDraining) {
      isDraining = true;
      log.info({ signal }, 'Shutting down: no more pushes are taken in.');
      void drain();
      return;
    }
    if (signal !== 'SIGINT' || !terminal) {
      log.info({ signal }, 'Shutting down already; what is in flight is finished first.');
      return;
    }
    log.warn({ events: pending() }, `Ended by a second Ctrl-C: ${pending()} events were not finished.`);
    log.flush(() => exit(INTERRUPTED));
  };

  async function drain(): Promise<void> {
    const lost = await app.drain();
    // An idle connection, or a body that trickles in, must not hold the process until it is killed.
    const closed = app.close().then(
      () => true,
      (error: unknown) => {
        log.error({ err: error }, 'Not everything could be closed.');
        return false;
      },
    );
    const isClosed = await Promise.race([closed, sleep(CLOSE_MILLISECONDS, false)]);
    if (lost > 0) log.error({ events: lost }, `${lost} acknowledged events are lost; each is named above.`);
    else if (isClosed) log.info('Everything under way is finished.');
    log.flush(() => exit(lost > 0 ? 1 : 0));
  }
}
