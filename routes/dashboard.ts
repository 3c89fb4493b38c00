import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Asset } from '../src/dashboard/assets.ts';

interface Ask {
  Params: { file?: string };
  Querystring: { token?: string | string[] };
}

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;
const RETRY_AFTER_SECONDS = 5;

/** `GET /`: the page that shows the sync at work; `GET /dashboard/events`: its numbers. Not there with `DASHBOARD=off`. */
export default async function dashboard(app: FastifyInstance): Promise<void> {
  const { dashboard } = app;
  if (!dashboard) return;
  app.addHook('preClose', async () => dashboard.close());
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(HEADERS);
  });

  const admit = async (request: FastifyRequest<Ask>, reply: FastifyReply) => {
    const { token } = request.query;
    const admission = dashboard.admit({
      remoteAddress: request.socket.remoteAddress,
      headers: request.headers,
      queryToken: typeof token === 'string' ? token : undefined,
    });
    if (admission.verdict === 'accepted') return undefined;
    // The token is gone from the address bar and the history with it.
    if (admission.verdict === 'enter')
      return reply
        .header('set-cookie', admission.cookie)
        .header('cache-control', 'no-store')
        .redirect('/', 303);
    const { status, detail } = admission;
    const type = 'text/html; charset=utf-8';
    return reply.code(status).header('cache-control', 'no-store').type(type).send(door(status, detail));
  };

  app.get<Ask>('/', { onRequest: admit }, async (request, reply) => {
    const page = await dashboard.asset('index.html');
    return page ? sendAsset(request, reply, page) : reply.callNotFound();
  });

  app.get<Ask>('/dashboard/events', { onRequest: admit }, async (_request, reply) => {
    if (dashboard.stream.full)
      return reply
        .code(503)
        .header('retry-after', RETRY_AFTER_SECONDS)
        .send({ reason: 'too-many-watch', detail: 'The page is open too often: close one, and reload.' });
    reply.hijack();
    dashboard.stream.listen(reply.raw, HEADERS);
    return reply;
  });

  // Code and style are no secret, and the way in needs its style.
  app.get<Ask>('/dashboard/:file', async (request, reply) => {
    const asset = await dashboard.asset(request.params.file ?? '');
    return asset ? sendAsset(request, reply, asset) : reply.callNotFound();
  });
}

function sendAsset(request: FastifyRequest<Ask>, reply: FastifyReply, asset: Asset): FastifyReply {
  const { type, body, compressed, etag } = asset;
  // Kept by the browser and asked for again: an update of the service is seen at once.
  reply.headers({ 'cache-control': 'private, no-cache', etag, vary: 'accept-encoding' }).type(type);
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  if (!/\bgzip\b/.test(String(request.headers['accept-encoding']))) return reply.send(body);
  return reply.header('content-encoding', 'gzip').send(compressed);
}

function door(status: 401 | 403, detail: string): string {
  const form =
    '<form action="/"><label for="token">Token</label> <input id="token" name="token" type="password" autocomplete="current-password" required> <button>Open</button></form>';
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>Customer sync</title><link rel="icon" href="/dashboard/icon.svg"><link rel="stylesheet" href="/dashboard/page.css"><main class="door"><h1>Customer sync</h1><p>${detail}</p>${status === 401 ? form : ''}</main></html>`;
}
