import type { FastifyInstance, FastifyReply } from 'fastify';
import { answerError } from '../src/answer-error.ts';

interface Push {
  Body: Buffer | undefined;
  Querystring: { token?: string | string[] };
}

/** `POST /push`: what Pub/Sub delivers to. Authenticates before the body is parsed, and answers when the event is handled. */
export default async function push(app: FastifyInstance): Promise<void> {
  app.removeAllContentTypeParsers();
  // Whatever the content type: an unwrapped push may have any. The one parse is the decoder's.
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.post<Push>(
    '/push',
    {
      errorHandler(error, request, reply) {
        answerError(error, request, reply);
        app.observer?.pushAnswered(reply.statusCode);
      },
      onRequest: async (request, reply) => {
        if (app.readiness.draining) {
          request.log.info({ reason: 'draining', status: 503 }, 'A push was not let in.');
          return refuse(reply, 503, 'draining', 'The service is shutting down.', 1);
        }
        const { token } = request.query;
        const credentials = {
          authorization: request.headers.authorization,
          queryToken: typeof token === 'string' ? token : undefined,
        };
        const verdict = app.authenticate(credentials);
        const settled = verdict instanceof Promise ? await verdict : verdict;
        if (settled === 'accepted') {
          const refusal = app.refusePush();
          if (refusal?.problem) {
            const { status, problem, retryAfterSeconds } = refusal;
            return refuse(reply, status, problem.reason, problem.detail, retryAfterSeconds);
          }
          // The body is bytes to us, and a type that Fastify cannot read is no reason to refuse them.
          request.headers['content-type'] = 'application/octet-stream';
          return undefined;
        }
        request.log.warn({ reason: settled.reason, status: settled.status }, 'A push was not let in.');
        return refuse(reply, settled.status, settled.reason, settled.detail, settled.retryAfterSeconds);
      },
    },
    async (request, reply) => {
      const body = request.body ?? Buffer.alloc(0);
      const { status, problem, retryAfterSeconds } = await app.processPush(
        request.headers,
        body,
        reply.elapsedTime,
      );
      if (problem) return refuse(reply, status, problem.reason, problem.detail, retryAfterSeconds);
      app.observer?.pushAnswered(status);
      return reply.code(status).send();
    },
  );
}

function refuse(
  reply: FastifyReply,
  status: number,
  reason: string,
  detail: string,
  retryAfterSeconds?: number,
) {
  reply.server.observer?.pushAnswered(status);
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.code(status).send({ reason, detail });
}
