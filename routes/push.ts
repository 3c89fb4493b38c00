import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LARGEST_PUSH_BYTES } from '../src/http/byte-budget.ts';
import { answerError } from '../src/http/error-handler.ts';
import { type HeldBody, readBody } from '../src/http/read-body.ts';
import { leaveBodyUnread } from '../src/http/unread-body.ts';
import { Failure } from '../src/outcome.ts';
import { admitPush, processPush } from '../src/push/process-push.ts';
import type { PushResponse, Sender } from '../src/senders/sender.ts';
import { senderNamedIn } from '../src/senders/senders.ts';

interface Push {
  Body: HeldBody | undefined;
  Querystring: { token?: string | string[] };
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The sender that the headers of a push name, if any. */
    sender: Sender | undefined;
  }
}

/** `POST /push`, the endpoint for senders. Authenticates before the body is read, and answers when the event is handled. */
export default async function push(app: FastifyInstance): Promise<void> {
  app.decorateRequest('sender', undefined);

  // For every content type, because an unwrapped push may have any. The body is parsed only by the decoder.
  app.addContentTypeParser('*', (request: FastifyRequest, payload: IncomingMessage) => {
    const length = request.headers['content-length'];
    return readBody(payload, length === undefined ? undefined : Number(length), app.byteBudget);
  });

  app.options('/push', (request, reply) => {
    const sender = app.push.senders.all.find(({ answerOptions }) => answerOptions !== undefined);
    return sender?.answerOptions ? send(reply, sender.answerOptions(request.headers)) : reply.callNotFound();
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
        const { headers } = request;
        const { token } = request.query;
        request.sender = senderNamedIn(headers, app.push.senders);
        const head = {
          headers,
          authorization: headers.authorization,
          queryToken: typeof token === 'string' ? token : undefined,
        };
        const refusal = await admitPush(head, request.sender, request.log, app.push);
        if (refusal) {
          leaveBodyUnread(request, reply);
          return send(reply, refusal);
        }
        // The body is bytes to us, and a type that Fastify cannot read, or none, is no reason to refuse them.
        headers['content-type'] = 'application/octet-stream';
        return undefined;
      },
    },
    async (request, reply) => {
      const { headers, sender, body } = request;
      if (!body) throw new Error('Expected the parser to have read the body.');
      return send(reply, await processPush({ headers, sender, body, elapsed: reply.elapsedTime }, app.push));
    },
  );
}

function send(reply: FastifyReply, response: PushResponse): FastifyReply {
  const { status, retryAfterSeconds, challenge = 'Bearer', headers = {}, problem, content } = response;
  reply.server.observer?.pushAnswered(status);
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds);
  if (status === 401) reply.header('www-authenticate', challenge);
  return reply
    .code(status)
    .headers(headers)
    .send(content ?? problem);
}
