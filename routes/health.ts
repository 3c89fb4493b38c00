import type { FastifyInstance } from 'fastify';

/** `GET /health/live`: the process answers. `GET /health/ready`: it should be sent work, or 503 and why not. */
export default async function health(app: FastifyInstance): Promise<void> {
  app.get('/health/live', async () => ({ status: 'live' }));

  app.get('/health/ready', async (_request, reply) => {
    const reasons = app.probeReadiness();
    if (reasons.length === 0) return { status: 'ready' };
    return reply.code(503).send({ status: 'not ready', reasons });
  });
}
