import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answerError } from './error-handler.ts';
import { leaveBodyUnread } from './unread-body.ts';

/** What the limits follow from. */
export interface HttpLimits {
  readonly ackDeadlineSeconds: number;
  /** Pushes that may wait or be handled; each holds a connection. */
  readonly queueLimit: number;
}

/** No route but `/push` takes a body of more. */
const ROOT_BODY_BYTES = 4 * 1024;
/** How long a slow request body may outlive its time: Node looks every 30 s unless told otherwise. */
const CHECK_CONNECTIONS_MILLISECONDS = 1_000;
/** A connection on which nothing moved for so much longer than a push may wait is closed: its answer is not read. */
const IDLE_SECONDS = 30;
/** For refusals, probes, scrapers and the page, beside the connections of the pushes in the queue. */
const SPARE_CONNECTIONS = 500;
/** A connection is closed after so many; the sender opens another. */
const REQUESTS_PER_SOCKET = 1_000;
/** Requests that may follow an unanswered one on the same connection. No sender known does that. */
const PIPELINED_REQUESTS = 8;
/** Fastify's options for the HTTP server: body limit, time-outs, and errors in the form of all other answers. */
export function httpOptions({ ackDeadlineSeconds }: HttpLimits) {
  const milliseconds = ackDeadlineSeconds * 1000;
  return {
    bodyLimit: ROOT_BODY_BYTES,
    requestTimeout: milliseconds,
    connectionTimeout: milliseconds + IDLE_SECONDS * 1000,
    maxRequestsPerSocket: REQUESTS_PER_SOCKET,
    http: {
      connectionsCheckingInterval: CHECK_CONNECTIONS_MILLISECONDS,
      // Were it the longer of the two, Node would give its time to the body and the body's to the headers.
      headersTimeout: milliseconds,
      requestTimeout: milliseconds,
    },
    frameworkErrors: answerError,
    clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) =>
      answerClientError(error, socket, ackDeadlineSeconds),
  } as const;
}

/** Bounds what requests cost that are not pushes: no body parser, connections, pipelining, unknown paths. */
export function limitRequests(app: FastifyInstance, { queueLimit }: HttpLimits): void {
  app.server.maxConnections = queueLimit + SPARE_CONNECTIONS;
  app.removeAllContentTypeParsers();
  const pipelined = new WeakMap<Socket, number>();

  app.addHook('onRequest', (request, reply, done) => {
    const { socket } = request.raw;
    // The connection is being closed, and nothing can be answered on it any more.
    if (!socket.writable) {
      reply.hijack();
      return;
    }
    // A response waits for its socket while an earlier one has it: this request was pipelined.
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
    // Here, and not in the handler: by then Fastify would have looked at the body.
    if (request.is404) {
      answerNotFound(request, reply);
      return;
    }
    if (request.method !== 'POST') leaveBodyUnread(request, reply);
    done();
  });
  app.setNotFoundHandler(answerNotFound);
}

/** Never quotes the URL: its query may hold a token. */
function answerNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  leaveBodyUnread(request, reply);
  return reply
    .code(404)
    .send({ reason: 'not-found', detail: 'There is nothing at this path for this method.' });
}

/** Answers what Node itself refuses, before there is a request: too slow, too long, or not HTTP. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket, seconds: number): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const { status, phrase, reason, detail } = describe(error.code, seconds);
  const body = JSON.stringify({ reason, detail });
  const head = [
    `HTTP/1.1 ${status} ${phrase}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.destroy();
}

interface ClientFault {
  readonly status: number;
  /** Named here, because an import of `node:http` loads its WebSocket client too: 20 ms of the start. */
  readonly phrase: string;
  readonly reason: string;
  readonly detail: string;
}

function describe(code: string | undefined, seconds: number): ClientFault {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return {
      status: 408,
      phrase: 'Request Timeout',
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
