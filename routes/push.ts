import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LARGEST_PUSH_BYTES } from '../src/http/byte-budget.ts';
import { answerError } from '../src/http/error-handler.ts';
import { logRefusal } from '../src/http/log-refusal.ts';
import { type HeldBody, readBody } from '../src/http/read-body.ts';
import { leaveBodyUnread } from '../src/http/unread-body.ts';
import { Failure } from '../src/outcome.ts';

interface Push {
  Body: HeldBody | undefined;
  Querystring: { token?: string | string[] };
}

interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly detail: string;
  readonly retryAfterSeconds?: number | undefined;
}

const DRAINING: Refusal = {
  status: 503,
  reason: 'draining',
  detail: 'The service is shutting down.',
  retryAfterSeconds: 1,
};

/** `POST /push`: what Pub/Sub delivers to. Authenticates before the body is read, and answers when the event is handled. */
export default async function push(app: FastifyInstance): Promise<void> {
  // Whatever the content type: an unwrapped push may have any. The one parse is the decoder's.
  app.addContentTypeParser('*', (request: FastifyRequest, payload: IncomingMessage) => {
    const length = request.headers['content-length'];
    return readBody(payload, length === undefined ? undefined : Number(length), app.byteBudget);
  });

  app.post<Push>(
    '/push',
    {
      bodyLimit: LARGEST_PUSH_BYTES,
      errorHandler(error, request, reply) {
        // There is none where it could not be read.
        request.body?.release();
        answerError(error, request, reply);
        app.observer?.pushAnswered(reply.statusCode);
        if (error instanceof Failure) app.observer?.pushRefused(error.reason);
      },
      onRequest: async (request, reply) => {
        if (app.readiness.draining) return refuseUnread(request, reply, DRAINING);
        const { token } = request.query;
        const credentials = {
          authorization: request.headers.authorization,
          queryToken: typeof token === 'string' ? token : undefined,
        };
        const verdict = app.authenticate(credentials);
        const settled = verdict instanceof Promise ? await verdict : verdict;
        if (settled !== 'accepted') return refuseUnread(request, reply, settled);
        const busy = app.refusePush();
        if (busy?.problem) {
          const { status, problem, retryAfterSeconds } = busy;
          leaveBodyUnread(request, reply);
          return refuse(reply, { status, ...problem, retryAfterSeconds });
        }
        // The body is bytes to us, and a type that Fastify cannot read, or none, is no reason to refuse them.
        request.headers['content-type'] = 'application/octet-stream';
        return undefined;
      },
    },
    async (request, reply) => {
      const { headers, body } = request;
      if (!body) throw new Error('Expected the parser to have read the body.');
      const { status, problem, retryAfterSeconds } = await app.processPush(headers, body, reply.elapsedTime);
      if (problem) return refuse(reply, { status, ...problem, retryAfterSeconds });
      app.observer?.pushAnswered(status);
      return reply.code(status).send();
    },
  );
}

/** Answers a push that is not let in, without reading its body. */
function refuseUnread(request: FastifyRequest<Push>, reply: FastifyReply, refusal: Refusal): FastifyReply {
  logRefusal(request, refusal.reason, refusal.status);
  leaveBodyUnread(request, reply);
  return refuse(reply, refusal);
}

function refuse(reply: FastifyReply, { status, reason, detail, retryAfterSeconds }: Refusal): FastifyReply {
  reply.server.observer?.pushAnswered(status);
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.code(status).send({ reason, detail });
}
