import type { FastifyInstance } from 'fastify';

/** `GET /metrics`: everything counted so far, in Prometheus' text format; with `METRICS_TOKEN` for its bearer alone. Not there with `METRICS=off`. */
export default async function metrics(app: FastifyInstance): Promise<void> {
  const { metrics } = app;
  if (!metrics) return;
  app.get('/metrics', async (request, reply) => {
    const { authorization } = request.headers;
    if (!metrics.mayRead(authorization)) {
      reply.code(401).header('www-authenticate', 'Bearer');
      return {
        reason: authorization === undefined ? 'no-credentials' : 'wrong-token',
        detail: 'Expected the token of METRICS_TOKEN as `Authorization: Bearer`: give it to the scraper.',
      };
    }
    const { type, body } = await metrics.read();
    return reply.type(type).send(body);
  });
}
