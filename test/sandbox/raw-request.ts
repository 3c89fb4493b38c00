import { connect } from 'node:net';

/** The response on a connection, up to its close or until it is complete. */
export interface RawAnswer {
  /** Undefined if the connection was closed without a response. */
  readonly status: number | undefined;
  readonly text: string;
}

const PATIENCE_MILLISECONDS = 120_000;

/**
 * Sends bytes unchanged, reads one response and closes the connection. A server that answers early may reset the connection
 * while the body is sent; that is not an error here.
 */
export async function rawRequest(
  url: string,
  head: readonly string[],
  body: Buffer | string = '',
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const ended = Promise.withResolvers<void>();
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    if (isComplete(text)) ended.resolve();
  });
  socket.on('error', () => ended.resolve());
  socket.on('close', () => ended.resolve());
  socket.setTimeout(PATIENCE_MILLISECONDS, () => ended.reject(new Error(`No answer to ${head[0]}.`)));
  socket.write(`${[...head, ''].join('\r\n')}\r\n`);
  if (body.length > 0) socket.write(body);
  try {
    await ended.promise;
  } finally {
    socket.destroy();
  }
  const status = /^HTTP\/1\.\d (\d{3}) /.exec(text)?.[1];
  return { status: status === undefined ? undefined : Number(status), text };
}

function isComplete(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, end))?.[1];
  return length === undefined
    ? / 204 | 304 /.test(text.slice(0, 20))
    : text.length >= end + 4 + Number(length);
}
