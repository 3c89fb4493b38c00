import type { FastifyInstance } from 'fastify';

/** `GET /connector`: routes, handlers and where each came from, accounts without secrets; with `METRICS_TOKEN` for its bearer alone. */
export default async function connector(app: FastifyInstance): Promise<void> {
  const body = Buffer.from(JSON.stringify(app.connector));
  app.get('/connector', { onRequest: app.requireReader }, async (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(body),
  );
}
