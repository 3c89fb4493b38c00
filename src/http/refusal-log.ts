import type { FastifyBaseLogger, FastifyRequest } from 'fastify';

const EVERY_MILLISECONDS = 1_000;

interface Refusals {
  readonly reason: string;
  readonly status: number;
  /** Refused since the last line. */
  refused: number;
}

/** Logs refused requests: the first of each reason at once, then their number once a second. */
export class RefusalLog {
  readonly #log: FastifyBaseLogger;
  readonly #refused = new Map<string, Refusals>();
  #timer: NodeJS.Timeout | undefined;

  constructor(log: FastifyBaseLogger) {
    this.#log = log;
  }

  /** Counts a refused request; `log` is the request's own logger, used if the line is about this request only. */
  add(reason: string, status: number, log: FastifyBaseLogger = this.#log): void {
    const key = `${status} ${reason}`;
    const known = this.#refused.get(key);
    if (known) {
      known.refused += 1;
      return;
    }
    this.#refused.set(key, { reason, status, refused: 0 });
    write(log, { reason, status, refused: 1 });
    this.#timer ??= setInterval(() => this.#logCounts(), EVERY_MILLISECONDS).unref();
  }

  /** Logs what is not logged yet. */
  close(): void {
    this.#logCounts();
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#refused.clear();
  }

  #logCounts(): void {
    for (const [key, refusals] of this.#refused) {
      if (refusals.refused === 0) {
        this.#refused.delete(key);
        continue;
      }
      write(this.#log, refusals);
      refusals.refused = 0;
    }
    if (this.#refused.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** Logs a request that was refused; requests refused for the same reason share a line. */
export function logRefusal(
  { log, server }: Pick<FastifyRequest, 'log' | 'server'>,
  reason: string,
  status: number,
): void {
  server.refusals.add(reason, status, log);
}

/** Logs codes only; refusals during a shutdown are not warnings. */
function write(log: FastifyBaseLogger, { reason, status, refused }: Refusals): void {
  const message = refused === 1 ? 'A request was refused.' : `${refused} requests were refused.`;
  if (reason === 'draining') log.info({ reason, status, refused }, message);
  else log.warn({ reason, status, refused }, message);
}
