import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import t from 'tap';
import { connect, startUpstreams } from '../sandbox/connected.ts';
import { sendPush } from '../sandbox/push.ts';
import { rawRequest } from '../sandbox/raw-request.ts';
import { until } from '../sandbox/until.ts';

const TOKEN = '0123456789abcdef';

/** Reads a stream; `fetch` would occupy a connection of its pool. */
async function watch(
  url: string,
  headers: Record<string, string> = {},
): Promise<{ response: IncomingMessage; text: () => string; stop: () => void }> {
  // Like a browser: without `Connection: close`.
  const agent = new Agent({ keepAlive: true });
  const stream = request(`${url}/dashboard/events`, { agent, headers }).end();
  const [response] = await once(stream, 'response');
  let text = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    text += chunk;
  });
  response.on('error', () => {});
  return { response, text: () => text, stop: () => stream.destroy() };
}

t.test(
  'serves the page and its files under a strict policy, and answers 304 for unmodified files',
  async (t) => {
    const upstreams = await startUpstreams(t);
    const { url } = await connect(t, upstreams);
    const page = await fetch(`${url}/`);
    t.equal(page.status, 200);
    const policy = page.headers.get('content-security-policy') ?? '';
    for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"])
      t.ok(policy.split(';').includes(part), part);
    t.notMatch(policy, /unsafe|\*/);
    const html = await page.text();
    t.notMatch(html, / style=|<style|<script>| on\w+=/, 'nothing is inline');
    const files = [...html.matchAll(/(?:href|src)="(\/dashboard\/[^"]+)"/g)].map(([, path]) => path ?? '');
    t.ok(files.length >= 4);
    for (const path of [...files, '/dashboard/uplot.js']) {
      const file = await fetch(url + path);
      t.equal(file.status, 200, path);
      t.equal(file.headers.get('x-content-type-options'), 'nosniff');
      t.equal(file.headers.get('content-encoding'), 'gzip');
      const etag = file.headers.get('etag') ?? '';
      t.equal((await fetch(url + path, { headers: { 'if-none-match': etag } })).status, 304);
      await file.arrayBuffer();
    }
    for (const path of ['/dashboard/package.json', '/dashboard/..%2fdashboard.ts', '/dashboard/constructor'])
      t.equal((await fetch(url + path)).status, 404, path);
  },
);

t.test('does not exist in production, nor when it is off', async (t) => {
  const upstreams = await startUpstreams(t);
  for (const env of [{ NODE_ENV: 'production' }, { DASHBOARD: 'off' }] as const) {
    const { url } = await connect(t, upstreams, { ...env });
    for (const path of ['/', '/dashboard/events', '/dashboard/page.js'])
      t.equal((await fetch(url + path)).status, 404);
  }
});

const behindToken = { DASHBOARD: 'on', NODE_ENV: 'production', DASHBOARD_TOKEN: TOKEN };

/** Logs in by the form, and returns the response, with the cookie as a browser sends it back. */
async function logIn(url: string, token: string) {
  const body = new URLSearchParams({ token });
  const answer = await fetch(`${url}/dashboard/login`, { method: 'POST', body, redirect: 'manual' });
  return { answer, cookie: answer.headers.get('set-cookie')?.split(';')[0] ?? '' };
}

t.test('opens by the form of the log-in page, and closes at log-out', async (t) => {
  const upstreams = await startUpstreams(t);
  const { url, lines } = await connect(t, upstreams, behindToken);
  const closed = await fetch(`${url}/`);
  t.equal(closed.status, 401);
  t.match(await closed.text(), /<form method="post" action="\/dashboard\/login">/);
  t.equal((await fetch(`${url}/dashboard/events`)).status, 401);

  const wrong = await logIn(url, 'wrong-token-0123456789');
  t.equal(wrong.answer.status, 401);
  t.equal(wrong.answer.headers.get('set-cookie'), null);
  t.match(await wrong.answer.text(), /Expected the token in DASHBOARD_TOKEN/);
  t.equal((await fetch(`${url}/dashboard/login`, { method: 'POST' })).status, 401, 'nothing');

  const { answer, cookie } = await logIn(url, TOKEN);
  t.equal(answer.status, 303);
  t.equal(answer.headers.get('location'), '/');
  const inside = await fetch(`${url}/`, { headers: { cookie } });
  t.equal(inside.status, 200);
  t.match(await inside.text(), 'id="verdict"');
  const { response, text } = await watch(url, { cookie });
  t.equal(response.statusCode, 200);
  t.ok(await until(() => text().includes('"canLogOut":true')));

  const ended = once(response, 'end');
  const out = await fetch(`${url}/dashboard/logout`, {
    method: 'POST',
    headers: { cookie },
    redirect: 'manual',
  });
  t.equal(out.status, 303);
  t.match(out.headers.get('set-cookie'), /^dashboard=; .*Max-Age=0/);
  t.equal((await fetch(`${url}/`, { headers: { cookie } })).status, 401, 'the cookie opens nothing any more');
  await ended;
  t.notMatch(JSON.stringify(lines), /wrong-token-0123456789|0123456789abcdef/);
});

t.test('opens by the token in the URL once, and redirects to the URL without it', async (t) => {
  const upstreams = await startUpstreams(t);
  const { url } = await connect(t, upstreams, behindToken);
  t.equal((await fetch(`${url}/?token=wrong`, { redirect: 'manual' })).status, 401);
  const opened = await fetch(`${url}/?token=${TOKEN}`, { redirect: 'manual' });
  t.equal(opened.status, 303);
  t.equal(opened.headers.get('location'), '/');
  const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? '';
  t.equal((await fetch(`${url}/`, { headers: { cookie } })).status, 200);
});

t.test('limits the attempts of an address, by the form and in the URL together', async (t) => {
  const upstreams = await startUpstreams(t);
  const { url } = await connect(t, upstreams, behindToken);
  const { cookie } = await logIn(url, TOKEN);
  const byAddress = () => fetch(`${url}/?token=wrong`, { redirect: 'manual' });
  const guesses = Array.from({ length: 30 }, async (_, number) =>
    number % 2 === 0 ? byAddress() : (await logIn(url, 'wrong')).answer,
  );
  const statuses = (await Promise.all(guesses)).map(({ status }) => status);
  t.equal(statuses.filter((status) => status === 401).length, 9);
  t.equal(statuses.filter((status) => status === 429).length, 21);
  const { answer } = await logIn(url, TOKEN);
  t.equal(answer.status, 429, 'not even the right one');
  t.match(answer.headers.get('retry-after'), /^[1-9]\d*$/);
  t.match(await answer.text(), /Too many tokens were tried/);
  t.equal((await fetch(`${url}/`, { headers: { cookie } })).status, 200, 'who is in stays in');
});

t.test('reads a small form only', async (t) => {
  const upstreams = await startUpstreams(t);
  const { url } = await connect(t, upstreams, behindToken);
  t.equal((await logIn(url, 'x'.repeat(5_000))).answer.status, 413);
  const body = JSON.stringify({ token: TOKEN });
  const headers = { 'content-type': 'application/json' };
  t.equal((await fetch(`${url}/dashboard/login`, { method: 'POST', headers, body })).status, 415);
});

t.test('without a token has no log-in, and refuses requests that nginx passes on', async (t) => {
  const upstreams = await startUpstreams(t);
  const { url } = await connect(t, upstreams);
  for (const path of ['/dashboard/login', '/dashboard/logout'])
    t.equal((await fetch(url + path, { method: 'POST' })).status, 404);
  const { host } = new URL(url);
  // nginx 1.22 with a default `proxy_pass`, and with `proxy_http_version 1.1`.
  for (const [version, path] of [
    ['1.0', '/'],
    ['1.0', '/dashboard/events'],
    ['1.1', '/'],
  ])
    t.equal(
      (
        await rawRequest(url, [
          `GET ${path} HTTP/${version}`,
          `Host: ${host}`,
          'Connection: close',
          'User-Agent: Mozilla/5.0',
          'Accept: text/html',
        ])
      ).status,
      403,
      `${path} by HTTP/${version}`,
    );
});

t.test('refuses a host name other than this machine’s, and describes how to open the page', async (t) => {
  const upstreams = await startUpstreams(t);
  const { url } = await connect(t, upstreams);
  const refused = request(`${url}/`, { headers: { host: 'sync.example.com' } }).end();
  const [response] = await once(refused, 'response');
  t.equal(response.statusCode, 403);
  response.setEncoding('utf8');
  const text: string[] = await response.toArray();
  t.match(text.join(''), /set DASHBOARD_TOKEN/);
});

t.test('streams a snapshot and then updates, without personal data', async (t) => {
  const upstreams = await startUpstreams(t);
  const { url, push } = await connect(t, upstreams);
  const customer = await upstreams.commercetools.createCustomer({
    email: 'ada@example.com',
    firstName: 'Ada',
  });
  const resource = { typeId: 'customer', id: customer.id };
  const change = { notificationType: 'ResourceUpdated', resource, version: customer.version };
  t.equal((await sendPush(push, change)).status, 204);
  const { response, text, stop } = await watch(url);
  t.teardown(stop);
  t.equal(response.headers['content-type'], 'text/event-stream; charset=utf-8');
  t.ok(await until(() => text().includes('event: snapshot')));
  t.ok(await until(() => text().includes(customer.id)));
  await sendPush(push, 'no JSON');
  t.ok(await until(() => text().includes('event: tick') && text().includes('undecodable')));
  t.notMatch(text(), /ada@example|"Ada"|sandbox-secret/i);
});

t.test('accepts twenty streams, and another when one ends', async (t) => {
  const upstreams = await startUpstreams(t);
  const { url } = await connect(t, upstreams);
  const watching = await Promise.all(Array.from({ length: 20 }, () => watch(url)));
  t.teardown(() => watching.forEach(({ stop }) => void stop()));
  t.ok(watching.every(({ response }) => response.statusCode === 200));
  const refused = await fetch(`${url}/dashboard/events`);
  t.equal(refused.status, 503);
  t.equal(refused.headers.get('retry-after'), '5');
  t.match(await refused.json(), { reason: 'too-many-watch' });
  watching[0]?.stop();
  t.ok(
    await until(async () => {
      const { response, stop } = await watch(url);
      stop();
      return response.statusCode === 200;
    }),
  );
});

t.test('ends the streams when the service closes', async (t) => {
  const upstreams = await startUpstreams(t);
  const service = await connect(t, upstreams);
  const { response } = await watch(service.url);
  const ended = once(response, 'end');
  await service.drain();
  await service.close();
  t.ok(await ended, 'and is not held up by them');
});
