import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';

/** The part of a tap test that is used. */
interface Current {
  teardown(stop: () => unknown): unknown;
}

/** A webhook on 127.0.0.1, with what was posted to it. */
export interface Listener {
  readonly url: string;
  readonly posted: { readonly headers: IncomingHttpHeaders; readonly body: string }[];
  /** The texts so far. */
  texts(): string[];
}

/** Starts a webhook that answers with these statuses, one after the other, and then with the last one. */
export async function startListener(t: Current, statuses: readonly number[] = [200]): Promise<Listener> {
  const posted: { headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      posted.push({ headers: request.headers, body });
      response.writeHead(statuses[posted.length - 1] ?? statuses.at(-1) ?? 200).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}/services/secret-part`,
    posted,
    texts: () => posted.map(({ body }) => String(JSON.parse(body).text)),
  };
}
