import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../observe/log.ts';

const CLOSE_MILLISECONDS = 1_000;
/** The limit for the drain (8 s) and the close (1 s); half a second more is left for the log. */
const MAX_MILLISECONDS = 9_400;
/** npm forwards a Ctrl-C that the terminal has already sent to this process: a second one within this time is the same. */
const SAME_CTRL_C_MILLISECONDS = 500;
/** The shell's exit code for an end by Ctrl-C. */
const INTERRUPTED = 130;

/** The events that a drain did not finish. */
export interface Undone {
  /** Not acknowledged: the sender delivers them again. */
  readonly redelivered: number;
  /** Acknowledged before they were handled, and dead-lettered. */
  readonly deadLettered: number;
  /** Acknowledged, and neither handled nor dead-lettered; each was logged by its identity. */
  readonly lost: number;
}

/** Why the service ends. After an uncaught exception the exit code is 1. */
export type Cause = NodeJS.Signals | 'uncaught';

/** The service that is shut down. */
export interface Running {
  /** Refuses new events, and waits for those in flight. */
  drain(): Promise<Undone>;
  /** Ends that wait. */
  abandon(): Undone;
  close(): PromiseLike<unknown>;
}

export interface ShutDownOptions {
  /** True if the process has a terminal: only then does a second Ctrl-C end the drain. */
  readonly terminal: boolean;
  readonly exit: (code: number) => void;
  /** Milliseconds since any fixed time; default: the process's clock. */
  readonly now?: () => number;
  /** Resolves to false after this number of milliseconds; default: by the process's clock. */
  readonly wait?: (milliseconds: number, signal?: AbortSignal) => Promise<false>;
}

/**
 * Creates the listener for SIGTERM and SIGINT. The first signal drains, and always ends the process within 10
 * seconds. Hosts send several signals, so further ones have no effect; only a second Ctrl-C on a terminal ends the process
 * immediately, and logs the unfinished events.
 */
export function createShutDown(
  running: Running,
  log: Log,
  { terminal, exit, now = () => performance.now(), wait = sleepFor }: ShutDownOptions,
): (cause: Cause) => void {
  let drainingSince: number | undefined;
  let hasFailed = false;
  return (signal) => {
    if (signal === 'uncaught') hasFailed = true;
    if (drainingSince === undefined) {
      drainingSince = now();
      log.info({ signal }, 'Shutting down: new pushes are refused.');
      void endInTime();
      return;
    }
    if (signal === 'uncaught') return;
    const isAgain = signal === 'SIGINT' && now() - drainingSince > SAME_CTRL_C_MILLISECONDS;
    if (!isAgain || !terminal) {
      log.info({ signal }, 'Shutting down already; the events in flight are finished first.');
      return;
    }
    const undone = running.abandon();
    log.warn({ ...undone }, `Ended by a second Ctrl-C. ${sentenceFor(undone)}`);
    log.flush(() => exit(INTERRUPTED));
  };

  async function endInTime(): Promise<void> {
    const late = new AbortController();
    const isDone = await Promise.race([
      drain().catch((error: unknown) => {
        log.error({ err: error }, 'The shutdown failed.');
        return false;
      }),
      wait(MAX_MILLISECONDS, late.signal),
    ]);
    late.abort();
    log.flush(() => exit(isDone && !hasFailed ? 0 : 1));
  }

  /** Returns true if no event is lost. */
  async function drain(): Promise<boolean> {
    const undone = await running.drain();
    // An idle connection, or a slow upload, must not keep the process until it is killed.
    const closed = Promise.resolve(running.close()).then(
      () => true,
      (error: unknown) => {
        log.error({ err: error }, 'Not everything could be closed.');
        return false;
      },
    );
    const isClosed = await Promise.race([closed, wait(CLOSE_MILLISECONDS)]);
    const { redelivered, deadLettered, lost } = undone;
    if (lost > 0) log.error({ ...undone }, sentenceFor(undone));
    else if (redelivered + deadLettered > 0) log.warn({ ...undone }, sentenceFor(undone));
    else if (isClosed) log.info('Everything in flight is finished.');
    else log.warn('Every event is finished, but not every connection could be closed in time.');
    return lost === 0;
  }
}

function sleepFor(milliseconds: number, signal?: AbortSignal): Promise<false> {
  return sleep(milliseconds, false, signal && { signal });
}

function sentenceFor({ redelivered, deadLettered, lost }: Undone): string {
  const parts = [
    ...(redelivered > 0 ? [`${redelivered} delivered again by the sender`] : []),
    ...(deadLettered > 0 ? [`${deadLettered} dead-lettered`] : []),
    ...(lost > 0 ? [`${lost} lost (each is named above)`] : []),
  ];
  return `Events not finished: ${parts.length > 0 ? parts.join(', ') : 'none'}.`;
}
