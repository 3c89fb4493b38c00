import { fastify } from 'fastify';

// The baseline of the measurements: Fastify, with the two parses that every receiver of pushes needs.
const app = fastify({ bodyLimit: 15 * 1024 * 1024 });

app.post<{ Body: { message?: { data: string }; detail?: unknown } }>('/push', (request, reply) => {
  const { message, detail } = request.body;
  const payload: unknown = message ? JSON.parse(Buffer.from(message.data, 'base64').toString()) : detail;
  return reply.code(payload ? 204 : 422).send();
});

const address = await app.listen({ port: 0, host: '127.0.0.1' });
process.stdout.write(`Server listening at ${address}\n`);
process.once('SIGTERM', () => process.exit(0));
