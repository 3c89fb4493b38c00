import type { FastifyInstance } from 'fastify';

/** `GET /connector`: routes, handlers and where each came from, accounts without secrets. */
export default async function connector(app: FastifyInstance): Promise<void> {
  app.get('/connector', async () => app.connector);
}
