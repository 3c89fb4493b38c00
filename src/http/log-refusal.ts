import type { FastifyRequest } from 'fastify';

/** The only place that logs a request that was refused; many of them share a line. */
export function logRefusal(
  { log, server }: Pick<FastifyRequest, 'log' | 'server'>,
  reason: string,
  status: number,
): void {
  server.refusals.add(reason, status, log);
}
