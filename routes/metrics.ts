import type { FastifyInstance } from 'fastify';

/** `GET /metrics`: everything counted so far, in Prometheus' text format; with `METRICS_TOKEN` for its bearer alone. Not there with `METRICS=off`. */
export default async function metrics(app: FastifyInstance): Promise<void> {
  const { readMetrics } = app;
  if (!readMetrics) return;
  app.get('/metrics', { onRequest: app.requireReader }, async (_request, reply) => {
    const { type, body } = await readMetrics();
    return reply.type(type).send(body);
  });
}
