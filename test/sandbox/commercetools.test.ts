import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import type { CustomerUpdateAction } from '@commercetools/platform-sdk';
import t, { type Test } from 'tap';
import { accessToken } from './access-token.ts';
import { stopClock } from './clock.ts';
import { type CommercetoolsOptions, type Payload, startCommercetools } from './commercetools.ts';
import { sendPush } from './push.ts';
import { until } from './until.ts';

interface Answer {
  status: number;
  headers: Headers;
  body: unknown;
}

/** A small repeatable generator of numbers from 0 up to 1. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

async function start(t: Test, options: CommercetoolsOptions = {}) {
  const payloads: Payload[] = [];
  const sandbox = await startCommercetools({
    onNotification: (payload) => payloads.push(payload),
    ...options,
  });
  t.teardown(() => sandbox.close());
  const { clientId, clientSecret } = sandbox.credentials;

  async function send(
    method: string,
    path: string,
    options: { token?: string | undefined; body?: unknown } = {},
  ): Promise<Answer> {
    const response = await fetch(`${sandbox.url}${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      },
      body: options.body === undefined ? null : JSON.stringify(options.body),
      signal: AbortSignal.timeout(120_000),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true && text !== '';
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }

  async function login(secret = clientSecret, body = 'grant_type=client_credentials'): Promise<Answer> {
    const response = await fetch(`${sandbox.url}/oauth/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body,
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  async function token(): Promise<string> {
    const { body } = await login();
    return String(read(body, 'access_token'));
  }

  const bearer = await token();
  const api = (method: string, path: string, body?: unknown) =>
    send(method, `/${sandbox.projectKey}${path}`, { token: bearer, body });
  const query = (parameters: Record<string, string | string[]>) => {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(parameters))
      for (const one of [value].flat()) search.append(name, one);
    return api('GET', `/customers?${search}`);
  };
  return { sandbox, payloads, send, login, token, api, query };
}

function read(body: unknown, ...path: Array<string | number>): unknown {
  let found = body;
  for (const name of path)
    found = typeof found === 'object' && found !== null ? Reflect.get(found, name) : undefined;
  return found;
}

function ids(answer: Answer): unknown[] {
  const results = read(answer.body, 'results');
  return Array.isArray(results) ? results.map((one) => read(one, 'id')) : [];
}

t.test('issues a token only to the known client', async (t) => {
  const { login } = await start(t);
  t.match(await login(), { status: 200, body: { token_type: 'Bearer', expires_in: 172_800 } });
  t.match(await login('wrong'), {
    status: 401,
    body: { error: 'invalid_client', errors: [{ code: 'invalid_client' }] },
  });
  t.match(await login(undefined, 'grant_type=password'), {
    status: 400,
    body: { error: 'unsupported_grant_type' },
  });
  t.match(await login(undefined, 'grant_type=client_credentials&scope=manage_orders:x'), {
    status: 400,
    body: { error: 'invalid_scope' },
  });
});

t.test('answers 401 without a valid token', async (t) => {
  const { sandbox, send, token } = await start(t);
  const path = `/${sandbox.projectKey}/customers`;
  const live = await token();
  t.match(await send('GET', path), { status: 401 });
  t.match(await send('GET', path, { token: 'made-up' }), {
    status: 401,
    body: { errors: [{ code: 'invalid_token' }] },
  });
  t.match(await send('GET', path, { token: live }), { status: 200 });
  sandbox.revokeTokens();
  t.match(
    await send('GET', path, { token: live }),
    { status: 401, body: { error: 'invalid_token' } },
    'revoked',
  );
  const expired = await start(t, { tokenLifetimeSeconds: 0 });
  t.match(await expired.send('GET', path, { token: await expired.token() }), { status: 401 }, 'expired');
});

t.test('keeps projects separate and refuses an unknown one', async (t) => {
  const { sandbox, send, token } = await start(t, { projectKeys: ['one', 'two'] });
  const { id } = await sandbox.project('two').createCustomer({ email: 'a@example.com' });
  const live = await token();
  t.match(await send('GET', `/two/customers/${id}`, { token: live }), { status: 200, body: { id } });
  t.match(await send('GET', `/one/customers/${id}`, { token: live }), {
    status: 404,
    body: { statusCode: 404 },
  });
  t.match(await send('GET', '/three/customers', { token: live }), { status: 404 });
});

t.test('creates, updates and deletes customers with their versions over HTTP, and notifies', async (t) => {
  const { api, payloads, sandbox } = await start(t);
  const { projectKey } = sandbox;
  const draft = {
    email: 'A@Example.com',
    key: 'k1',
    externalId: 'e1',
    firstName: 'Amba',
    locale: 'de',
    vatId: 'X1',
  };
  const created = await api('POST', '/customers', draft);
  t.match(created, {
    status: 201,
    body: { customer: { version: 1, firstName: 'Amba', locale: 'de', vatId: 'X1' } },
  });
  const id = String(read(created.body, 'customer', 'id'));
  const resource = { typeId: 'customer', id };
  const resourceUserProvidedIdentifiers = { key: 'k1', externalId: 'e1' };
  t.same(payloads, [
    {
      notificationType: 'ResourceCreated',
      projectKey,
      resource,
      resourceUserProvidedIdentifiers,
      version: 1,
      modifiedAt: read(created.body, 'customer', 'lastModifiedAt'),
    },
  ]);
  t.match(await api('POST', '/customers', draft), { status: 400 }, 'the key is taken');
  t.match(await api('POST', '/customers', { email: 'a@example.com' }), { status: 400 }, 'the address exists');
  t.match(await api('POST', '/customers', {}), {
    status: 400,
    body: { errors: [{ code: 'InvalidJsonInput' }] },
  });

  const actions = [
    { action: 'setFirstName', firstName: 'Birel' },
    { action: 'setLastName', lastName: 'Corstead' },
  ];
  const updated = await api('POST', `/customers/${id}`, { version: 1, actions });
  t.match(updated, { status: 200, body: { version: 3, firstName: 'Birel', lastName: 'Corstead' } });
  t.match(payloads[1], { notificationType: 'ResourceUpdated', version: 3, oldVersion: 1, resource });
  t.match(await api('POST', `/customers/${id}`, { version: 1, actions }), {
    status: 409,
    body: { errors: [{ code: 'ConcurrentModification', currentVersion: 3 }] },
  });
  t.match(await api('POST', '/customers/key=k1', { version: 3, actions: [{ action: 'setNothing' }] }), {
    status: 400,
  });
  t.match(await api('GET', '/customers/key=k1'), { status: 200, body: { id, version: 3 } });

  t.match(await api('DELETE', `/customers/${id}`), { status: 400 }, 'a deletion needs the version');
  t.match(await api('DELETE', `/customers/${id}?version=1`), { status: 409 });
  t.match(await api('DELETE', `/customers/${id}?version=3&dataErasure=true`), { status: 200, body: { id } });
  t.match(payloads[2], { notificationType: 'ResourceDeleted', version: 3, resource, dataErasure: true });
  t.match(await api('GET', `/customers/${id}`), {
    status: 404,
    body: { errors: [{ code: 'ResourceNotFound' }] },
  });
  t.equal(payloads.length, 3);
});

t.test('lets only one of two concurrent updates of a version succeed', async (t) => {
  const { api, sandbox } = await start(t);
  const { id } = await sandbox.createCustomer({ email: 'a@example.com' });
  const update = (firstName: string) =>
    api('POST', `/customers/${id}`, { version: 1, actions: [{ action: 'setFirstName', firstName }] });
  const answers = await Promise.all(['Amba', 'Birel', 'Corva'].map(update));
  t.same(answers.map(({ status }) => status).sort(), [200, 409, 409]);
  t.equal(sandbox.customer(id)?.version, 2);
  const rename = (firstName: string) => sandbox.updateCustomer(id, [{ action: 'setFirstName', firstName }]);
  const renamed = await Promise.all(['Delmi', 'Elorin', 'Fenja'].map(rename));
  t.same(
    renamed.map(({ version }) => version),
    [3, 4, 5],
    'the functions of the sandbox run one after the other',
  );
});

t.test('answers neither with a password hash nor with a field of its own', async (t) => {
  const { api, sandbox } = await start(t);
  const { id } = await sandbox.createCustomer({ email: 'a@example.com', password: 'invented' });
  const { body } = await api('GET', `/customers/${id}`);
  t.equal(read(body, 'password'), '****xyz=');
  t.equal(read(body, 'lowercaseEmail'), undefined);
});

t.test('creates, changes and deletes customers without HTTP', async (t) => {
  const { payloads, sandbox } = await start(t, { messages: true });
  const { id } = await sandbox.createCustomer({ email: 'a@example.com' });
  const actions: CustomerUpdateAction[] = [
    { action: 'changeEmail', email: 'b@example.com' },
    { action: 'setKey', key: 'k' },
  ];
  await sandbox.updateCustomer(id, actions);
  await sandbox.updateCustomer(id, { firstName: 'Garo', version: 9 });
  t.match(sandbox.customer(id), { email: 'b@example.com', key: 'k', firstName: 'Garo', version: 9 });
  await sandbox.deleteCustomer(id);
  t.same(sandbox.customers(), []);
  await t.rejects(sandbox.deleteCustomer(id), /was not found/);
  t.same(
    payloads.map(({ notificationType, type, version, sequenceNumber }) => [
      notificationType,
      type,
      version,
      sequenceNumber,
    ]),
    [
      ['ResourceCreated', undefined, 1, undefined],
      ['Message', 'CustomerCreated', 1, 1],
      ['ResourceUpdated', undefined, 3, undefined],
      ['Message', 'CustomerEmailChanged', 1, 2],
      ['ResourceUpdated', undefined, 9, undefined],
      ['ResourceDeleted', undefined, 9, undefined],
      ['Message', 'CustomerDeleted', 1, 3],
    ],
  );
});

t.test('creates the same customers from the same random numbers', async (t) => {
  const people = async () => {
    const { sandbox } = await start(t, { random: seeded(7) });
    sandbox.seed(3);
    const { id } = await sandbox.createCustomer({ email: 'a@example.com' });
    return [id, ...sandbox.customers().map((customer) => `${customer.id} ${customer.email}`)];
  };
  t.same(await people(), await people());
});

t.test('answers queries', async (t) => {
  const { sandbox, query } = await start(t, { random: seeded(1) });
  const at = (second: number) => `2026-01-01T00:00:0${second}.000Z`;
  const [a = '', b = '', c = '', d = ''] = sandbox
    .seed(4)
    .map(({ id }) => id)
    .sort();
  const moments: Array<[string, number]> = [
    [a, 3],
    [b, 1],
    [c, 2],
    [d, 2],
  ];
  for (const [id, second] of moments)
    await sandbox.updateCustomer(id, { lastModifiedAt: at(second), version: second });
  await sandbox.updateCustomer(d, {
    addresses: [{ country: 'FR' }],
    lastModifiedAt: at(2),
    version: 2,
    firstName: 'Zed',
  });
  const changed = `(lastModifiedAt > "${at(2)}" or (lastModifiedAt = "${at(2)}" and id > "${c}")) and lastModifiedAt <= "${at(3)}"`;
  const byChange = ['lastModifiedAt asc', 'id asc'];
  const cases: Array<{ name: string; parameters: Record<string, string | string[]>; expected: string[] }> = [
    { name: 'several by id', parameters: { where: `id in ("${c}", "${a}","nobody")` }, expected: [a, c] },
    { name: 'one by id', parameters: { where: `id = "${b}"` }, expected: [b] },
    {
      name: 'a page by key',
      parameters: { where: `id > "${a}"`, sort: 'id asc', limit: '2', withTotal: 'false' },
      expected: [b, c],
    },
    { name: 'changed since', parameters: { where: changed, sort: byChange }, expected: [d, a] },
    { name: 'two sorts', parameters: { sort: byChange }, expected: [b, c, d, a] },
    { name: 'a sort downwards', parameters: { sort: ['version desc', 'id desc'] }, expected: [a, d, c, b] },
    { name: 'a sort by creation', parameters: { sort: ['createdAt', 'id desc'] }, expected: [d, c, b, a] },
    { name: 'an offset', parameters: { sort: 'id asc', offset: '3' }, expected: [d] },
    {
      name: 'and before or',
      parameters: { where: `id = "${a}" or id = "${b}" and version = 7` },
      expected: [a],
    },
    {
      name: 'the wider of two bounds',
      parameters: { where: `id > "${c}" or id > "${a}"` },
      expected: [b, c, d],
    },
    {
      name: 'the wider of two ends',
      parameters: { where: `lastModifiedAt <= "${at(1)}" or lastModifiedAt <= "${at(2)}"`, sort: byChange },
      expected: [b, c, d],
    },
    { name: 'several where', parameters: { where: [`id > "${a}"`, `id < "${d}"`] }, expected: [b, c] },
    { name: 'not', parameters: { where: `not (version = 2) and id not in ("${a}")` }, expected: [b] },
    { name: 'a nested field', parameters: { where: 'addresses(country = "FR")' }, expected: [d] },
    {
      name: 'defined and empty',
      parameters: { where: 'key is defined and stores is empty and vatId is not defined' },
      expected: [a, b, c, d],
    },
    { name: 'a variable', parameters: { where: 'firstName = :name', 'var.name': 'Zed' }, expected: [d] },
    {
      name: 'a date without milliseconds',
      parameters: { where: 'lastModifiedAt = "2026-01-01T00:00:03Z"' },
      expected: [a],
    },
  ];
  for (const { name, parameters, expected } of cases) t.same(ids(await query(parameters)), expected, name);
  t.match((await query({ limit: '1' })).body, { limit: 1, offset: 0, count: 1, total: 4 });
  t.equal(read((await query({ withTotal: 'false' })).body, 'total'), undefined);
  for (const parameters of [
    { limit: '501' },
    { limit: 'many' },
    { offset: '10001' },
    { sort: 'id upwards' },
    { where: 'id ~ "x"' },
    { where: 'id in ("x"' },
    { where: 'lastModifiedAt > "yesterday"' },
  ] satisfies Array<Record<string, string>>) {
    const answer = await query(parameters);
    t.match(
      answer,
      { status: 400, body: { errors: [{ code: 'InvalidInput' }] } },
      JSON.stringify(parameters),
    );
  }
});

t.test('pages through many customers by the last id of each page', async (t) => {
  const { sandbox, query } = await start(t, { random: seeded(3) });
  sandbox.seed(2_100);
  t.equal(ids(await query({})).length, 20);
  const seen = new Set<unknown>();
  for (let last = ''; ; ) {
    const page = ids(
      await query({ where: `id > "${last}"`, sort: 'id asc', limit: '500', withTotal: 'false' }),
    );
    for (const id of page) seen.add(id);
    if (page.length < 500) break;
    last = String(page.at(-1));
  }
  t.equal(seen.size, 2_100);
  const some = sandbox.customers().slice(0, 100);
  const where = `id in (${some.map(({ id }) => `"${id}"`)})`;
  t.equal(ids(await query({ where, limit: '500' })).length, 100);
});

t.test('serves custom objects', async (t) => {
  const { api } = await start(t);
  t.match(await api('POST', '/custom-objects', { container: 'sync', key: 'cursor', value: { at: 1 } }), {
    status: 201,
  });
  t.match(await api('GET', '/custom-objects/sync/cursor'), { status: 200, body: { value: { at: 1 } } });
  t.match(await api('GET', '/custom-objects?limit=501'), { status: 400 });
});

t.test('serves subscriptions', async (t) => {
  const { api, payloads, sandbox, send } = await start(t);
  const destination = { type: 'GoogleCloudPubSub', projectId: 'p', topic: 'one' };
  const draft = { key: 'customer-sync', destination, changes: [{ resourceTypeId: 'customer' }] };
  const created = await api('POST', '/subscriptions', draft);
  t.match(created, { status: 201, body: { version: 1, ...draft } });
  const id = String(read(created.body, 'id'));
  t.match(payloads, [{ notificationType: 'ResourceCreated', resource: { typeId: 'subscription', id } }]);
  t.match(await api('POST', '/subscriptions', draft), {
    status: 400,
    body: { errors: [{ code: 'DuplicateField' }] },
  });
  t.match(await api('POST', '/subscriptions', { ...draft, key: 'a b' }), { status: 400 });
  const path = '/subscriptions/key=customer-sync';
  t.match(await api('GET', path), { status: 200, body: { id } });
  t.match(await api('GET', '/subscriptions/key=other'), { status: 404 });
  const update = (version: number, action: object) => api('POST', path, { version, actions: [action] });
  t.match(await update(1, { action: 'setChanges', changes: [{ resourceTypeId: 'order' }] }), {
    status: 200,
    body: { version: 2, changes: [{ resourceTypeId: 'order' }] },
  });
  t.match(await update(1, { action: 'setChanges', changes: [] }), { status: 409 });
  t.match(await update(2, { action: 'setMessages', messages: [{ resourceTypeId: 'customer' }] }), {
    body: { version: 3 },
  });
  t.match(await update(3, { action: 'changeDestination', destination: { ...destination, topic: 'two' } }), {
    body: { version: 4, destination: { topic: 'two' } },
  });
  t.equal(payloads.length, 2, 'a new destination gets a test notification');
  t.match(
    await api('POST', `/subscriptions/${id}`, { version: 4, actions: [{ action: 'setKey', key: 'new' }] }),
    {
      body: { version: 5, key: 'new' },
    },
  );
  t.match(
    await send('GET', `/${sandbox.projectKey}/subscriptions/${id}/health`),
    { status: 200 },
    'without a token',
  );
  sandbox.setSubscriptionHealth(503);
  t.match(await send('GET', `/${sandbox.projectKey}/subscriptions/${id}/health`), { status: 503 });
  t.match(await api('DELETE', `/subscriptions/${id}?version=5`), { status: 200 });
  t.same(sandbox.subscriptions(), []);
});

t.test('applies each fault the given number of times, then works again', async (t) => {
  const { api, sandbox } = await start(t);
  const { id } = await sandbox.createCustomer({ email: 'a@example.com' });
  const get = () => api('GET', `/customers/${id}`);
  for (const kind of ['latency', 'slow'] as const)
    await t.test(kind, async (t) => {
      const clock = stopClock(t);
      sandbox.fault({ kind, milliseconds: 50, times: 1 });
      const answered = get();
      let isAnswered = false;
      void answered.then(() => {
        isAnswered = true;
      });
      t.ok(await until(() => sandbox.faultCounts[kind] === 1));
      clock.pass(49);
      t.equal((await get()).status, 200, 'the next is answered meanwhile');
      t.equal(isAnswered, false);
      clock.pass(1);
      t.equal((await answered).status, 200);
    });
  sandbox.fault({ kind: 'status', status: 504, times: 1 });
  t.match(await get(), { status: 504, body: { statusCode: 504 } });
  sandbox.fault({ kind: 'too-many-requests', retryAfterSeconds: 7, times: 1 });
  const limited = await get();
  t.equal(limited.status, 429);
  t.equal(limited.headers.get('retry-after'), '7');
  sandbox.fault({ kind: 'too-many-requests', times: 1 });
  t.equal((await get()).headers.get('retry-after'), null);
  sandbox.fault({ kind: 'bad-gateway', times: 1 });
  t.match(await get(), { status: 502, body: /^<html>/ });
  sandbox.fault({ kind: 'insufficient-scope', times: 1 });
  t.match(await get(), { status: 403, body: { error: 'insufficient_scope' } });
  sandbox.fault({ kind: 'wrong-credentials', times: 1 });
  t.match(await get(), { status: 401, body: { error: 'invalid_token' } });
  sandbox.fault({ kind: 'reset', times: 1 });
  await t.rejects(get(), { message: /fetch failed/ });
  t.match(await get(), { status: 200 });
  t.same(sandbox.faultCounts, {
    latency: 1,
    slow: 1,
    hang: 0,
    status: 1,
    'too-many-requests': 2,
    reset: 1,
    'wrong-credentials': 1,
    'insufficient-scope': 1,
    'bad-gateway': 1,
    partial: 0,
  });
});

t.test('limits a fault to a kind of request, to a probability, and until it is deactivated', async (t) => {
  const { api, query, login, sandbox } = await start(t);
  const { id } = await sandbox.createCustomer({ email: 'a@example.com' });
  const get = () => api('GET', `/customers/${id}`);
  const off = sandbox.fault({ kind: 'status', only: 'query' });
  t.match(
    [await get(), await query({}), await query({})],
    [{ status: 200 }, { status: 503 }, { status: 503 }],
  );
  off();
  t.match(await query({}), { status: 200 });
  sandbox.fault({ kind: 'wrong-credentials', only: ['token', 'write'] });
  t.match(await login(), { status: 401, body: { error: 'invalid_client' } });
  t.match(await api('POST', `/customers/${id}`, { version: 1, actions: [] }), { status: 401 });
  sandbox.clearFaults();
  const numbers = [0.1, 0.9, 0.2];
  sandbox.fault({ kind: 'status', probability: 0.5, random: () => numbers.shift() ?? 1 });
  t.match(
    [await get(), await get(), await get(), await get()].map(({ status }) => status),
    [503, 200, 503, 200],
  );
});

t.test('counts and logs requests', async (t) => {
  const { api, query, sandbox } = await start(t);
  await query({ limit: '1' });
  await api('GET', '/customers/nobody');
  await api('POST', '/customers', { email: 'a@example.com' });
  await api('POST', '/graphql', { query: '{ customer(id: "nobody") { id } }' });
  t.same(sandbox.requests, { token: 1, query: 1, 'by-id': 1, write: 1, graphql: 1 });
  t.equal(sandbox.log.at(-3), `GET /${sandbox.projectKey}/customers/nobody`);
  for (let count = 0; count < 250; count += 1) await query({});
  t.equal(sandbox.log.length, 200);
});

t.test('answers queries with a lag while reads by id are up to date', async (t) => {
  const { api, query, sandbox } = await start(t);
  const old = await sandbox.createCustomer({ email: 'a@example.com' });
  const versionOf = (answer: Answer) => read(answer.body, 'results', 0, 'version');
  sandbox.lagQueries(Number.POSITIVE_INFINITY, 2);
  await sandbox.updateCustomer(old.id, { firstName: 'Amba' });
  const young = await sandbox.createCustomer({ email: 'b@example.com' });
  t.equal(versionOf(await query({ where: `id = "${old.id}"` })), 1);
  t.same(ids(await query({ where: `id = "${young.id}"` })), []);
  t.match(await api('GET', `/customers/${old.id}`), { body: { version: 2 } });
  t.match(await api('GET', `/customers/${young.id}`), { status: 200 });
  t.same(ids(await query({ where: `id = "${young.id}"` })), [young.id], 'after two queries');

  const clock = stopClock(t);
  sandbox.lagQueries(200);
  await sandbox.deleteCustomer(young.id);
  t.same(ids(await query({ where: `id = "${young.id}"` })), [young.id]);
  clock.pass(200);
  t.same(ids(await query({ where: `id = "${young.id}"` })), [], 'the lag caught up');
});

const VERSIONS =
  'query Versions($i0: String, $i1: String) { c0: customer(id: $i0) { id version } c1: customer(id: $i1) { id version } }';

/** Two customers, and a function that reads their versions by GraphQL. */
async function startGraphql(t: Test) {
  const started = await start(t);
  const [one, other] = started.sandbox.seed(2);
  if (!one || !other) throw new Error('Expected two customers.');
  const versions = (i0 = one.id, i1 = other.id) =>
    started.api('POST', '/graphql', { query: VERSIONS, variables: { i0, i1 } });
  return { ...started, one, other, versions };
}

t.test('answers many customers by id in one GraphQL request', async (t) => {
  const { api, sandbox, one, other, versions } = await startGraphql(t);
  await sandbox.updateCustomer(other.id, { firstName: 'Next' });
  t.match(await versions(), {
    status: 200,
    body: { data: { c0: { id: one.id, version: 1 }, c1: { id: other.id, version: 2 } } },
  });
  t.same((await versions('nobody')).body, { data: { c0: null, c1: { id: other.id, version: 2 } } });
  const query =
    '{ customer(key: "customer-1") { email addresses { id } defaultShippingAddress { country } } }';
  const { email, addresses } = one;
  t.match(await api('POST', '/graphql', { query }), {
    body: {
      data: { customer: { email, addresses: [{ id: addresses[0]?.id }], defaultShippingAddress: {} } },
    },
  });
});

t.test('answers a predicate by GraphQL as a query', async (t) => {
  const { api, sandbox, one } = await startGraphql(t);
  const query = `query($where: String) { customers(where: $where, limit: 1) { total count results { id version } } }`;
  const where = `id = "${one.id}"`;
  sandbox.lagQueries(Number.POSITIVE_INFINITY);
  await sandbox.updateCustomer(one.id, { firstName: 'Next' });
  const { body } = await api('POST', '/graphql', { query, variables: { where } });
  t.same(body, { data: { customers: { total: 1, count: 1, results: [{ id: one.id, version: 1 }] } } });
});

t.test('refuses a GraphQL request that is invalid, too complex, or without a token', async (t) => {
  const { api, send, sandbox, versions } = await startGraphql(t);
  const refusal = (code: string) => ({ status: 400, body: { errors: [{ extensions: { code } }] } });
  t.match(await api('POST', '/graphql', { query: '{ nothing }' }), refusal('InvalidInput'));
  t.match(await api('POST', '/graphql', { wrong: true }), { status: 400 });
  sandbox.limitGraphql(1);
  t.match(await versions(), refusal('QueryComplexityLimitExceeded'));
  sandbox.limitGraphql(Number.POSITIVE_INFINITY);
  t.match(await versions(), { status: 200 });
  const path = `/${sandbox.projectKey}/graphql`;
  t.match(await send('POST', path, { token: 'wrong', body: { query: VERSIONS } }), { status: 401 });
});

t.test('lags and fails by GraphQL', async (t) => {
  const { sandbox, one, other, versions } = await startGraphql(t);
  sandbox.replicate({ graphql: [Number.POSITIVE_INFINITY] });
  await sandbox.updateCustomer(one.id, { firstName: 'Next' });
  t.match(await versions(), { body: { data: { c0: { version: 1 }, c1: { version: 1 } } } });
  sandbox.replicate({});
  t.match(await versions(), { body: { data: { c0: { version: 2 } } } }, 'up to date');
  sandbox.fault({ kind: 'partial', ids: [other.id], times: 1 });
  t.match(await versions(), {
    status: 200,
    body: {
      data: { c0: { version: 2 }, c1: null },
      errors: [{ path: ['c1'], extensions: { code: 'General' } }],
    },
  });
  sandbox.fault({ kind: 'status', only: 'graphql', times: 1 });
  t.match(await versions(), { status: 503 });
  t.match(await versions(), { status: 200 });
  t.match(sandbox.faultCounts, { partial: 1, status: 1 });
});

t.test('closes while a request hangs', async (t) => {
  const { api, sandbox } = await start(t);
  sandbox.fault({ kind: 'hang', only: 'query' });
  sandbox.fault({ kind: 'latency', only: 'by-id', milliseconds: 60_000 });
  const hanging = [api('GET', '/customers'), api('GET', '/customers/x')].map((request) =>
    request.catch((error: Error) => error.name),
  );
  t.ok(await until(() => sandbox.requests.query + sandbox.requests['by-id'] === 2));
  await sandbox.close();
  t.same(await Promise.all(hanging), ['TypeError', 'TypeError']);
  t.equal(sandbox.faultCounts.hang, 1);
});

t.test('is pushed to a service in the format of Pub/Sub', async (t) => {
  const bodies: unknown[] = [];
  const server = createServer(async (request, response) => {
    bodies.push(await json(request));
    response.writeHead(503, { 'retry-after': '3' }).end('later');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.closeAllConnections());
  t.teardown(() => server.close());
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const options = { messageId: '7', attributes: { a: 'b' }, deliveryAttempt: 2 };
  const answer = await sendPush(`http://127.0.0.1:${port}/push`, { x: 1 }, options);
  t.match(answer, { status: 503, body: 'later', milliseconds: Number });
  t.equal(answer.headers.get('retry-after'), '3');
  const data = Buffer.from('{"x":1}').toString('base64');
  t.match(bodies, [{ deliveryAttempt: 2, message: { data, messageId: '7', attributes: { a: 'b' } } }]);
});

t.test('publishes changes of orders, made by the sandbox or over HTTP', async (t) => {
  const payloads: Payload[] = [];
  const commercetools = await startCommercetools({ onNotification: (payload) => payloads.push(payload) });
  t.teardown(() => commercetools.close());
  const customer = await commercetools.createCustomer({ email: 'ada@example.com' });
  const order = await commercetools.createOrder({ customerId: customer.id, orderNumber: 'o-1' });
  t.match(order, { version: 1, customerId: customer.id, orderNumber: 'o-1' });

  const url = `${commercetools.url}/${commercetools.projectKey}/orders/${order.id}`;
  const headers = {
    authorization: `Bearer ${await accessToken(commercetools)}`,
    'content-type': 'application/json',
  };
  t.match(await (await fetch(url, { headers })).json(), { id: order.id });
  const actions = [{ action: 'changeOrderState', orderState: 'Complete' }];
  const body = JSON.stringify({ version: 1, actions });
  const changed = await fetch(url, { method: 'POST', headers, body });
  t.match(await changed.json(), { version: 2, orderState: 'Complete' });
  await commercetools.deleteOrder({ id: order.id, version: 2 });
  t.equal((await fetch(url, { headers })).status, 404);
  await t.rejects(commercetools.deleteOrder({ id: order.id, version: 2 }), /answered 404/);

  const resource = { typeId: 'order', id: order.id };
  t.match(payloads.slice(1), [
    { notificationType: 'ResourceCreated', resource, version: 1 },
    { notificationType: 'ResourceUpdated', resource, version: 2, oldVersion: 1 },
    { notificationType: 'ResourceDeleted', resource },
  ]);
  t.equal(payloads.length, 4);
});
