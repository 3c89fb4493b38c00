import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** For an unread body of more than this the connection is closed; a smaller one is read and discarded. */
const DISCARDED_BODY_BYTES = 64 * 1024;
const LINGER_MILLISECONDS = 1_000;

/** Closes the connection after the response if the unread body is large or of unknown length. */
export function leaveBodyUnread({ headers, raw }: FastifyRequest, reply: FastifyReply): void {
  const length = Number(headers['content-length'] ?? 0);
  if (headers['transfer-encoding'] === undefined && length <= DISCARDED_BODY_BYTES) return;
  reply.header('connection', 'close');
  const { socket } = raw;
  // Node calls this to close the connection after the response.
  socket.destroySoon = () => closeInTwoSteps(socket);
}

/**
 * Closing a connection with unread bytes resets it, and the sender often loses the response. So only the sending side is
 * closed at first, and the sender has a second to read the response. https://www.rfc-editor.org/rfc/rfc9112#section-9.6
 */
function closeInTwoSteps(socket: Socket): void {
  socket.end();
  // Node resumes an unread body, to discard it, just before it closes the connection.
  const pause = setImmediate(() => socket.pause());
  const timer = setTimeout(() => socket.destroy(), LINGER_MILLISECONDS).unref();
  socket.once('close', () => {
    clearImmediate(pause);
    clearTimeout(timer);
  });
}
