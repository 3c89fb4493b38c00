import type { FastifyReply, FastifyRequest } from 'fastify';
import { Failure } from '../outcome.ts';
import { logRefusal } from './refusal-log.ts';
import { leaveBodyUnread } from './unread-body.ts';

const RETRY_AFTER_SECONDS = 5;

/**
 * Answers an error outside of the handling: a body that is too large, a malformed request, or an unknown error, which is
 * answered 503. The text of an unknown error may hold personal data, so it is neither sent nor logged.
 */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  leaveBodyUnread(request, reply);
  if (error instanceof Failure) {
    reply.header('retry-after', error.retryAfterSeconds ?? RETRY_AFTER_SECONDS);
    return refuse(503, error.reason, error.message);
  }
  const status = statusOf(error);
  if (status === 413) {
    const detail = `Expected a body of at most ${request.routeOptions.bodyLimit} bytes, got a larger one.`;
    return refuse(status, 'body-too-large', detail);
  }
  if (status >= 400 && status < 500)
    return refuse(status, 'bad-request', `The request was not understood (HTTP ${status}).`);
  request.log.error({ err: error, status: 503 }, 'A request failed unexpectedly.');
  reply.header('retry-after', RETRY_AFTER_SECONDS);
  return reply.code(503).send({ reason: 'unknown-error', detail: 'The service failed unexpectedly.' });

  function refuse(status: number, reason: string, detail: string): FastifyReply {
    logRefusal(request, reason, status);
    return reply.code(status).send({ reason, detail });
  }
}

function statusOf(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return 500;
  return typeof error.statusCode === 'number' ? error.statusCode : 500;
}
