import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Test } from 'tap';

export interface Received {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Answers a request; `count` is the number of the request to its path, from 1. */
export type Respond = (response: ServerResponse, request: Received, count: number) => void;

/** An HTTP server on loopback that records its requests, and is closed with the test. */
export async function startServer(t: Test, respond: Respond) {
  const received: Received[] = [];
  let connections = 0;
  const server = createServer(async (request, response) => {
    const { url = '', method = '', headers } = request;
    const incoming = { path: url, method, headers, body: await text(request) };
    received.push(incoming);
    respond(response, incoming, countOf(url));
  });
  server.on('connection', () => {
    connections += 1;
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;

  const countOf = (path: string) => received.filter((one) => one.path === path).length;
  const stop = async () => {
    const closed = Promise.withResolvers<void>();
    server.close(() => closed.resolve());
    server.closeAllConnections();
    await closed.promise;
  };
  t.teardown(stop);
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    received,
    countOf,
    stop,
    connections: () => connections,
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('Expected the server to have a port');
  return address.port;
}

/** Answers with a status and a JSON body. */
export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** The error that a promise is rejected with. */
export async function faultOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('Expected the promise to be rejected, it was not');
}
