import type { FastifyRequest } from 'fastify';

/** The only place that logs a request that was refused: codes only, and a shutdown is no warning. */
export function logRefusal({ log }: Pick<FastifyRequest, 'log'>, reason: string, status: number): void {
  if (reason === 'draining') log.info({ reason, status }, 'A request was refused.');
  else log.warn({ reason, status }, 'A request was refused.');
}
