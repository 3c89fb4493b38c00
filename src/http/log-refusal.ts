import type { FastifyRequest } from 'fastify';

/** Logs a request that was refused; requests refused for the same reason share a line. */
export function logRefusal(
  { log, server }: Pick<FastifyRequest, 'log' | 'server'>,
  reason: string,
  status: number,
): void {
  server.refusals.add(reason, status, log);
}
