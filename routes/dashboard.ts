import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TokenAccess } from '../src/dashboard/access.ts';
import type { Asset } from '../src/dashboard/assets.ts';
import type { Visit } from '../src/dashboard/local-visit.ts';
import { loginPage } from '../src/dashboard/login-page.ts';
import { logRefusal } from '../src/http/refusal-log.ts';
import { leaveBodyUnread } from '../src/http/unread-body.ts';

interface Ask {
  Params: { file?: string };
  Querystring: { token?: string | string[] };
}

interface LogIn {
  Body: URLSearchParams | undefined;
}

const SELF = ["'self'"];
const NONE = ["'none'"];
const HEADERS = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: NONE,
      scriptSrc: SELF,
      styleSrc: SELF,
      connectSrc: SELF,
      imgSrc: [...SELF, 'data:'],
      formAction: SELF,
      baseUri: NONE,
      frameAncestors: NONE,
    },
  },
  xFrameOptions: { action: 'deny' },
  // Whether the host's every name has HTTPS is not known here.
  strictTransportSecurity: false,
} as const;
const RETRY_AFTER_SECONDS = 5;
/** Tokens that one address may try in a minute. */
const GUESSES = 10;
const MINUTE_MILLISECONDS = 60_000;

/** `GET /`: the page that shows the sync at work; `GET /dashboard/events`: its numbers. Not there with `DASHBOARD=off`. */
export default async function dashboard(app: FastifyInstance): Promise<void> {
  const { dashboard } = app;
  if (!dashboard) return;
  const { access, asset, stream } = dashboard;
  // Loaded here, so that a service without the page starts without it.
  const { fastifyHelmet } = await import('@fastify/helmet');
  await app.register(fastifyHelmet, HEADERS);
  app.addHook('preClose', async () => dashboard.close());
  const logIn = access.byToken && (await addLogIn(app, access.byToken));

  app.get<Ask>('/', async (request, reply) => {
    const { token } = request.query;
    if (logIn && typeof token === 'string') return logIn(request, reply, token);
    const admission = access.admit(visitOf(request));
    if (admission.verdict === 'refused') return refuse(reply, admission.status, admission.detail);
    const page = await asset('index.html');
    return page ? sendAsset(request, reply, page) : reply.callNotFound();
  });

  app.get('/dashboard/events', async (request, reply) => {
    const admission = access.admit(visitOf(request));
    if (admission.verdict === 'refused') return refuse(reply, admission.status, admission.detail);
    if (stream.full)
      return reply
        .code(503)
        .header('retry-after', RETRY_AFTER_SECONDS)
        .send({ reason: 'too-many-watch', detail: 'The page is open too often: close one, and reload.' });
    reply.hijack();
    stream.listen(reply.raw, admission.isOpen);
    return reply;
  });

  // Code and style are no secret, and the login page needs its style.
  app.get<Ask>('/dashboard/:file', async (request, reply) => {
    const file = await asset(request.params.file ?? '');
    return file ? sendAsset(request, reply, file) : reply.callNotFound();
  });
}

/** `POST /dashboard/login` and `/dashboard/logout`; returns the log-in for `/?token=`, which shares the limit of guesses. */
async function addLogIn(app: FastifyInstance, access: TokenAccess) {
  const { fastifyRateLimit } = await import('@fastify/rate-limit');
  await app.register(fastifyRateLimit, { global: false });
  const countGuess = app.createRateLimit({ max: GUESSES, timeWindow: MINUTE_MILLISECONDS });
  app.addContentTypeParser<string>(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, new URLSearchParams(body)),
  );

  const limitGuesses = async (request: FastifyRequest, reply: FastifyReply) => {
    const guesses = await countGuess(request);
    if (guesses.isAllowed || !guesses.isExceeded) return undefined;
    logRefusal(request, 'too-many-guesses', 429);
    leaveBodyUnread(request, reply);
    reply.header('retry-after', guesses.ttlInSeconds);
    return refuse(reply, 429, `Too many tokens were tried. Try again in ${guesses.ttlInSeconds} seconds.`);
  };

  const open = (request: FastifyRequest, reply: FastifyReply, token: string) => {
    const cookie = access.logIn(token, visitOf(request));
    if (cookie === undefined)
      return refuse(reply, 401, 'Expected the token in DASHBOARD_TOKEN, got another.');
    return toPage(reply, cookie);
  };

  app.post<LogIn>('/dashboard/login', { onRequest: limitGuesses }, async (request, reply) =>
    open(request, reply, request.body?.get('token') ?? ''),
  );
  app.post('/dashboard/logout', async (request, reply) => toPage(reply, access.logOut(visitOf(request))));
  return async (request: FastifyRequest, reply: FastifyReply, token: string) =>
    (await limitGuesses(request, reply)) ?? open(request, reply, token);
}

/** By a redirect a token in the address is gone from the address bar, and from the history. */
function toPage(reply: FastifyReply, cookie: string): FastifyReply {
  return reply.header('set-cookie', cookie).preventCache().redirect('/', 303);
}

function refuse(reply: FastifyReply, status: 401 | 403 | 429, detail: string): FastifyReply {
  const type = 'text/html; charset=utf-8';
  const page = loginPage(detail, status !== 403);
  return reply.code(status).preventCache().type(type).send(page);
}

function visitOf({ socket, raw, headers }: FastifyRequest): Visit {
  return { remoteAddress: socket.remoteAddress, httpVersion: raw.httpVersion, headers };
}

function sendAsset({ headers }: FastifyRequest<Ask>, reply: FastifyReply, asset: Asset): FastifyReply {
  const { type, body, compressed, etag } = asset;
  // The browser caches the file and validates it each time, so that an update of the service is visible immediately.
  reply.headers({ 'cache-control': 'private, no-cache', etag }).vary('accept-encoding');
  reply.type(type);
  if (headers['if-none-match'] === etag) return reply.code(304).send();
  if (!/\bgzip\b/.test(String(headers['accept-encoding']))) return reply.send(body);
  return reply.header('content-encoding', 'gzip').send(compressed);
}
