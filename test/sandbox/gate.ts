import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** The part of a tap test that is used. */
interface Current {
  teardown(stop: () => unknown): unknown;
}

/** A proxy on 127.0.0.1 that holds requests until the test releases them, to simulate a slow upstream. */
export interface Gate {
  readonly url: string;
  /** The number of held requests so far. */
  readonly held: number;
  /** All requests that passed, as `GET /path`, in order. */
  readonly passed: readonly string[];
  /** Holds every request whose `METHOD /path` matches, until `open`. */
  close(requests: RegExp): void;
  /** Releases all held requests, and lets later ones pass. */
  open(): void;
}

/** Starts the proxy for `target`; without a target it answers `{}` itself. */
export async function startGate(t: Current, target?: string): Promise<Gate> {
  let closed: { requests: RegExp; opened: PromiseWithResolvers<void> } | undefined;
  let held = 0;
  const passed: string[] = [];
  const open = () => {
    closed?.opened.resolve();
    closed = undefined;
  };

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = request;
    const body = await buffer(request);
    if (closed?.requests.test(`${method} ${url}`)) {
      held += 1;
      await closed.opened.promise;
    }
    passed.push(`${method} ${url}`);
    if (target === undefined) {
      response.end('{}');
      return;
    }
    const { authorization = '', 'content-type': type = 'application/json' } = headers;
    const answer = await fetch(target + url, {
      method,
      headers: { authorization, 'content-type': type },
      ...(body.length > 0 && { body }),
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(await answer.text());
  }

  const server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(async () => {
    open();
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('Expected a port, found none.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    get held() {
      return held;
    },
    passed,
    close(requests) {
      open();
      closed = { requests, opened: Promise.withResolvers() };
    },
    open,
  };
}
