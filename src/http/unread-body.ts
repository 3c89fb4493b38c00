import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** An unread body of more than this is not worth the connection that it comes on. */
const DISCARDED_BODY_BYTES = 64 * 1024;
const LINGER_MILLISECONDS = 1_000;

/** Has the connection closed after the answer where its body, large or of unknown length, is not read to the end. */
export function leaveBodyUnread({ headers, raw }: FastifyRequest, reply: FastifyReply): void {
  const length = Number(headers['content-length'] ?? 0);
  if (headers['transfer-encoding'] === undefined && length <= DISCARDED_BODY_BYTES) return;
  reply.header('connection', 'close');
  const { socket } = raw;
  // What Node closes an answered connection with.
  socket.destroySoon = () => closeInTwoSteps(socket);
}

/**
 * Closed at once, with unread bytes of the body, the connection would be reset, and the sender would often lose the answer.
 * So the sender has a moment to read it, while nothing is read from the sender. https://www.rfc-editor.org/rfc/rfc9112#section-9.6
 */
function closeInTwoSteps(socket: Socket): void {
  socket.end();
  // Node resumes a body that nobody has read, to discard it, just before it closes the connection.
  const pause = setImmediate(() => socket.pause());
  const timer = setTimeout(() => socket.destroy(), LINGER_MILLISECONDS).unref();
  socket.once('close', () => {
    clearImmediate(pause);
    clearTimeout(timer);
  });
}
