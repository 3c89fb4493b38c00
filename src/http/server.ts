import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answerError } from './error-handler.ts';
import { leaveBodyUnread } from './unread-body.ts';

/** The configuration that the limits depend on. */
export interface HttpLimits {
  readonly ackDeadlineSeconds: number;
  /** Events in the queue at most; each holds a connection. */
  readonly queueLimit: number;
}

/** The largest body of all routes but `/push`. */
const ROOT_BODY_BYTES = 4 * 1024;
/** How often Node checks for requests that exceed their time; its default is 30 s. */
const CHECK_CONNECTIONS_MILLISECONDS = 1_000;
/**
 * A connection that is idle for this much longer than the ack deadline is closed: the sender does not read its
 * response.
 */
const IDLE_SECONDS = 30;
/** Connections for refusals, probes, scrapers and the page, in addition to those of the pushes in the queue. */
const SPARE_CONNECTIONS = 500;
/** A connection is closed after this many requests; the sender opens another. */
const REQUESTS_PER_SOCKET = 1_000;
/** Requests that may follow an unanswered one on the same connection. No known sender pipelines. */
const PIPELINED_REQUESTS = 8;

/** Fastify's options for the HTTP server: body limit, time-outs, and errors in the form of all other responses. */
export function httpOptions({ ackDeadlineSeconds }: HttpLimits) {
  const milliseconds = ackDeadlineSeconds * 1000;
  return {
    bodyLimit: ROOT_BODY_BYTES,
    requestTimeout: milliseconds,
    connectionTimeout: milliseconds + IDLE_SECONDS * 1000,
    maxRequestsPerSocket: REQUESTS_PER_SOCKET,
    http: {
      connectionsCheckingInterval: CHECK_CONNECTIONS_MILLISECONDS,
      // Must not be longer than `requestTimeout`: Node would swap the two.
      headersTimeout: milliseconds,
      requestTimeout: milliseconds,
    },
    frameworkErrors: answerError,
    clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) =>
      answerClientError(error, socket, ackDeadlineSeconds),
  } as const;
}

/**
 * Bounds the cost of requests other than pushes: no body parser; limits for connections and pipelining; unknown paths
 * are answered early.
 */
export function limitRequests(app: FastifyInstance, { queueLimit }: HttpLimits): void {
  app.server.maxConnections = queueLimit + SPARE_CONNECTIONS;
  app.removeAllContentTypeParsers();
  const pipelined = new WeakMap<Socket, number>();

  app.addHook('onRequest', (request, reply, done) => {
    const { socket } = request.raw;
    // The connection is being closed: no response can be sent.
    if (!socket.writable) {
      reply.hijack();
      return;
    }
    // A response without a socket waits for an earlier one: the request was pipelined.
    if (reply.raw.socket === null) {
      const waiting = (pipelined.get(socket) ?? 0) + 1;
      if (waiting > PIPELINED_REQUESTS) {
        socket.destroy();
        reply.hijack();
        return;
      }
      pipelined.set(socket, waiting);
      reply.raw.once('close', () => pipelined.set(socket, (pipelined.get(socket) ?? 1) - 1));
    }
    // Answered here, because Fastify would read the body before it calls the not-found handler.
    if (request.is404) {
      answerNotFound(request, reply);
      return;
    }
    if (request.method !== 'POST') leaveBodyUnread(request, reply);
    done();
  });
  app.setNotFoundHandler(answerNotFound);
}

const RETRY_AFTER_SECONDS = 5;

/** Does not repeat the URL, because its query may hold a token. */
function answerNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  leaveBodyUnread(request, reply);
  return reply.code(404).send({ reason: 'not-found', detail: 'There is no route for this path and method.' });
}

/** Answers what Node refuses before there is a request: too slow, headers too large, or not HTTP. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket, seconds: number): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const { status, phrase, reason, detail } = describe(error.code, seconds);
  const body = JSON.stringify({ reason, detail });
  const head = [
    `HTTP/1.1 ${status} ${phrase}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    ...(status === 503 ? [`retry-after: ${RETRY_AFTER_SECONDS}`] : []),
  ];
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.destroy();
}

interface ClientFault {
  readonly status: number;
  /** Written out, because importing `node:http` also loads its WebSocket client, which takes 20 ms of the start. */
  readonly phrase: string;
  readonly reason: string;
  readonly detail: string;
}

function describe(code: string | undefined, seconds: number): ClientFault {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return {
      // Not 408: that is final for SNS and EventBridge, and a push that arrived slowly must be delivered again.
      status: 503,
      phrase: 'Service Unavailable',
      reason: 'request-timeout',
      detail: `Expected the whole request within ${seconds} seconds, got a part of it.`,
    };
  if (code === 'HPE_HEADER_OVERFLOW')
    return {
      status: 431,
      phrase: 'Request Header Fields Too Large',
      reason: 'headers-too-large',
      detail: 'Expected headers of at most 16 KiB, got larger ones.',
    };
  return {
    status: 400,
    phrase: 'Bad Request',
    reason: 'bad-request',
    detail: 'Expected a request in HTTP/1.1, got something else.',
  };
}
