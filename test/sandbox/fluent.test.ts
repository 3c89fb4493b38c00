import { parse, validate } from 'graphql';
import t, { type Test } from 'tap';
import { z } from 'zod';
import { stopClock } from './clock.ts';
import { type Fault, type FluentOptions, type FluentSandbox, startFluent } from './fluent.ts';
import { until } from './until.ts';

const Body = z.looseObject({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z
    .array(
      z.looseObject({
        message: z.string(),
        path: z.array(z.union([z.string(), z.number()])).optional(),
        extensions: z.looseObject({ code: z.string() }).optional(),
      }),
    )
    .optional(),
});
const Token = z.strictObject({
  access_token: z.string(),
  token_type: z.literal('bearer'),
  expires_in: z.number(),
  scope: z.literal('api'),
  Retailer_id: z.literal(1),
});
const Page = z.object({
  customers: z.object({
    edges: z.array(z.object({ node: z.object({ username: z.string() }), cursor: z.string() })),
    pageInfo: z.object({ hasNextPage: z.boolean(), hasPreviousPage: z.boolean() }),
  }),
});

const CREATE = 'mutation ($input: CreateCustomerInput) { createCustomer(input: $input) { id ref username } }';
const UPDATE = 'mutation ($input: UpdateCustomerInput) { updateCustomer(input: $input) { username } }';
const ONE = 'query ($ref: String!) { customer(ref: $ref) { username firstName } }';
const LIST = `query ($username: [String], $primaryEmail: [String], $first: Int, $last: Int, $after: String, $before: String) {
  customers(username: $username, primaryEmail: $primaryEmail, first: $first, last: $last, after: $after, before: $before) {
    edges { node { username } cursor } pageInfo { hasNextPage hasPreviousPage }
  }
}`;
const PERSON = { primaryEmail: 'a@example.com', promotionOptIn: false, retailer: { id: '1' } };

async function start(t: Test, options?: FluentOptions) {
  const fluent = await startFluent(options);
  t.teardown(() => fluent.close());
  return fluent;
}

function askToken(fluent: FluentSandbox, changes: Record<string, string> = {}, account?: string) {
  const { clientId, clientSecret, username, password } = fluent.credentials;
  const form = { username, password, client_id: clientId, client_secret: clientSecret };
  return fetch(`${fluent.url}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({ ...form, scope: 'api', grant_type: 'password', ...changes }),
    headers: account === undefined ? {} : { 'fluent.account': account },
  });
}

async function login(fluent: FluentSandbox) {
  const token = Token.parse(await (await askToken(fluent)).json()).access_token;
  const post = (query: string, variables: Record<string, unknown> = {}, signal?: AbortSignal) =>
    fetch(`${fluent.url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
      ...(signal === undefined ? {} : { signal }),
    });
  const ask = async (query: string, variables?: Record<string, unknown>) => {
    const response = await post(query, variables);
    return { status: response.status, ...Body.parse(await response.json()) };
  };
  const page = async (variables: Record<string, unknown>) => {
    const { customers } = Page.parse((await ask(LIST, variables)).data);
    return {
      ...customers.pageInfo,
      names: customers.edges.map(({ node }) => node.username),
      cursors: customers.edges.map(({ cursor }) => cursor),
    };
  };
  const create = (username: string, fields = {}) =>
    ask(CREATE, { input: { ...PERSON, username, ...fields } });
  const update = (username: string, fields = {}) => ask(UPDATE, { input: { username, ...fields } });
  return { post, ask, page, create, update };
}

const codes = (body: z.output<typeof Body>) => body.errors?.map(({ extensions }) => extensions?.code);

t.test('issues a bearer token by password', async (t) => {
  const fluent = await start(t, { tokenLifetimeSeconds: 77 });
  const response = await askToken(fluent);
  t.equal(response.status, 200);
  t.equal(Token.parse(await response.json()).expires_in, 77);
});

for (const name of ['username', 'password', 'client_id', 'client_secret', 'scope']) {
  t.test(`refuses a token with 401 and JSON when ${name} is wrong`, async (t) => {
    const response = await askToken(await start(t), { [name]: 'wrong' });
    t.equal(response.status, 401);
    t.type(await response.json(), 'object');
  });
}

t.test('requires the account in a header if it has one, and no header otherwise', async (t) => {
  const fluent = await start(t, { account: 'ACME' });
  t.equal((await askToken(fluent)).status, 401);
  t.equal((await askToken(fluent, {}, 'OTHER')).status, 401);
  t.equal((await askToken(fluent, {}, 'ACME')).status, 200);
  t.equal((await askToken(await start(t), {}, 'ANY')).status, 200);
});

t.test('refuses GraphQL without a token that it issued', async (t) => {
  const fluent = await start(t);
  const headers = { authorization: 'Bearer invented', 'content-type': 'application/json' };
  for (const init of [{}, { headers }]) {
    const response = await fetch(`${fluent.url}/graphql`, {
      method: 'POST',
      body: '{"query":"{ a }"}',
      ...init,
    });
    t.equal(response.status, 401);
    await response.text();
  }
  t.equal(fluent.requests.unauthorised, 2);
});

t.test('a token expires at the end of its lifetime', async (t) => {
  let now = 1_000_000;
  const fluent = await start(t, { tokenLifetimeSeconds: 60, now: () => now });
  const { post } = await login(fluent);
  now += 59_999;
  t.equal((await post(ONE, { ref: 'a' })).status, 200);
  now += 1;
  t.equal((await post(ONE, { ref: 'a' })).status, 401);
});

t.test('revokes all tokens, and can answer S0040E in an HTTP 200', async (t) => {
  const fluent = await start(t, { unauthorised: 'graphql' });
  const { ask } = await login(fluent);
  fluent.revokeTokens();
  const answer = await ask(ONE, { ref: 'a' });
  t.equal(answer.status, 200);
  t.same(codes(answer), ['S0040E']);
});

t.test('creates a customer whose ref is the username, and finds it', async (t) => {
  const fluent = await start(t);
  const { create, ask } = await login(fluent);
  t.same((await create('u1', { firstName: 'Ada' })).data, {
    createCustomer: { id: '1', ref: 'u1', username: 'u1' },
  });
  t.same((await ask(ONE, { ref: 'u1' })).data, { customer: { username: 'u1', firstName: 'Ada' } });
  t.same((await ask(ONE, { ref: 'u2' })).data, { customer: null });
  t.match(fluent.customers.get('u1'), { firstName: 'Ada', status: 'ACTIVE', retailer: { id: '1' } });
});

t.test('refuses an existing username with C0121E, also for concurrent requests', async (t) => {
  const fluent = await start(t);
  const { create } = await login(fluent);
  const answers = await Promise.all(Array.from({ length: 20 }, () => create('u1')));
  t.equal(answers.filter(({ errors }) => errors === undefined).length, 1);
  const refused = answers.filter(({ errors }) => errors !== undefined);
  for (const answer of refused) {
    t.equal(answer.status, 200);
    t.same(codes(answer), ['C0121E']);
    t.same(answer.errors?.[0]?.path, ['createCustomer']);
    t.same(answer.data, { createCustomer: null });
  }
  t.equal(fluent.writes.created, 1);
});

t.test('refuses to update an unknown username with C0120E', async (t) => {
  const { update } = await login(await start(t));
  t.same(codes(await update('nobody')), ['C0120E']);
});

t.test('does not change fields that an update does not contain', async (t) => {
  const fluent = await start(t);
  const { create, update } = await login(fluent);
  await create('u1', { firstName: 'Ada', lastName: 'Byron', promotionOptIn: true });
  for (const lastName of ['King', 'Lovelace', 'Noel']) await update('u1', { lastName });
  t.match(fluent.customers.get('u1'), { firstName: 'Ada', lastName: 'Noel', promotionOptIn: true });
  t.equal(fluent.customers.get('u1')?.primaryEmail, 'a@example.com');
});

t.test('adds and replaces attributes by name and never removes one', async (t) => {
  const fluent = await start(t);
  const { create, update } = await login(fluent);
  const attribute = (name: string, value: unknown) => ({ name, type: 'JSON', value });
  await create('u1', { attributes: [attribute('a', 1), attribute('b', { deep: [true] })] });
  await update('u1', { attributes: [attribute('a', 'new'), attribute('c', 0)] });
  await update('u1', { attributes: [] });
  t.same(fluent.customers.get('u1')?.attributes, [
    attribute('a', 'new'),
    attribute('b', { deep: [true] }),
    attribute('c', 0),
  ]);
});

const lengths = [
  ['username', 250],
  ['title', 50],
  ['country', 100],
  ['firstName', 50],
  ['lastName', 50],
  ['primaryEmail', 250],
  ['primaryPhone', 20],
  ['timezone', 32],
  ['department', 255],
] as const;
for (const [name, maximum] of lengths) {
  t.test(`accepts ${maximum} characters of ${name} and refuses one more with C0141E`, async (t) => {
    const fluent = await start(t);
    const { create } = await login(fluent);
    t.same(codes(await create('u1', { [name]: 'x'.repeat(maximum + 1) })), ['C0141E']);
    t.equal(fluent.customers.size, 0);
    t.same(codes(await create('u1', { [name]: 'x'.repeat(maximum) })), undefined);
  });
}

t.test('limits the name and the type of an attribute to 255 characters', async (t) => {
  const { create } = await login(await start(t));
  const long = 'x'.repeat(256);
  t.same(codes(await create('u1', { attributes: [{ name: long, type: 'STRING', value: 1 }] })), ['C0141E']);
  t.same(codes(await create('u1', { attributes: [{ name: 'a', type: long, value: 1 }] })), ['C0141E']);
  t.same(codes(await create('u1', { attributes: [{ name: 'a', type: 'STRING', value: long }] })), undefined);
});

t.test('lets the other aliases of a request succeed when one fails', async (t) => {
  const fluent = await start(t);
  const { ask } = await login(fluent);
  const document = `mutation ($a: CreateCustomerInput, $b: UpdateCustomerInput, $c: CreateCustomerInput) {
    a: createCustomer(input: $a) { username } b: updateCustomer(input: $b) { username } c: createCustomer(input: $c) { username }
  }`;
  for (const round of ['first', 'second', 'third']) {
    const variables = {
      a: { ...PERSON, username: `${round}-a` },
      b: { username: 'nobody' },
      c: { ...PERSON, username: `${round}-c` },
    };
    const answer = await ask(document, variables);
    t.equal(answer.status, 200);
    t.same(answer.data, { a: { username: `${round}-a` }, b: null, c: { username: `${round}-c` } });
    t.same(answer.errors?.[0]?.path, ['b']);
    t.same(codes(answer), ['C0120E']);
  }
  t.equal(fluent.writes.created, 6);
});

t.test('answers 400 for a document or variables that the schema does not allow', async (t) => {
  const { ask } = await login(await start(t));
  for (const document of ['{', '{ nothing }', 'mutation { deleteCustomer }']) {
    t.equal((await ask(document)).status, 400);
  }
  for (let round = 0; round < 3; round += 1) {
    t.match(await ask(ONE), { status: 400, errors: [{ extensions: { code: 'C0140E' } }] });
    t.equal((await ask(CREATE, { input: { username: 'u1' } })).status, 400);
    t.equal((await ask(UPDATE, { input: { username: 'u1', department: 'no such field' } })).status, 400);
  }
});

t.test('returns 10 customers by default, at most 5000, and pages by the last cursor', async (t) => {
  const fluent = await start(t);
  fluent.seed(...Array.from({ length: 5001 }, (_, n) => ({ username: `u${n}` })));
  const { page } = await login(fluent);
  t.match(await page({}), { names: { length: 10 }, hasNextPage: true, hasPreviousPage: false });
  const largest = await page({ first: 6000 });
  t.match(largest, { names: { length: 5000 }, hasNextPage: true });
  const rest = await page({ first: 6000, after: largest.cursors.at(-1) });
  t.match(rest, { names: ['u5000'], hasNextPage: false, hasPreviousPage: true });
  t.same((await page({ last: 2 })).names, ['u4999', 'u5000']);
  t.match(await page({ last: 1, before: rest.cursors[0] }), { names: ['u4999'], hasNextPage: true });
});

t.test('has no endCursor', async (t) => {
  const { ask } = await login(await start(t));
  t.equal((await ask('{ customers { pageInfo { endCursor } } }')).status, 400);
});

t.test('treats % in a list filter as a wildcard, and matches everything else exactly', async (t) => {
  const fluent = await start(t);
  const usernames = ['ab', 'a%b', 'axb', 'a.b', 'b'];
  fluent.seed(...usernames.map((username) => ({ username, primaryEmail: `${username}@example.com` })));
  const { page } = await login(fluent);
  const table: [Record<string, unknown>, string[]][] = [
    [{ username: ['a%b'] }, ['ab', 'a%b', 'axb', 'a.b']],
    [{ username: ['a.b', 'b', 'nobody', 'b'] }, ['a.b', 'b']],
    [{ username: ['A.B'] }, []],
    [{ username: ['a.%'] }, ['a.b']],
    [{ primaryEmail: ['b@%', 'axb@example.com'] }, ['axb', 'b']],
    [{ username: ['b', 'ab'], primaryEmail: ['b@example.com'] }, ['b']],
    [{ username: [] }, []],
  ];
  for (const [filter, expected] of table)
    t.same((await page(filter)).names, expected, JSON.stringify(filter));
});

t.test('refuses a request over 2 MB with 413, without effect', async (t) => {
  const fluent = await start(t);
  const { post } = await login(fluent);
  const attributes = (size: number) => [{ name: 'a', type: 'STRING', value: 'x'.repeat(size) }];
  const create = (username: string, size: number) =>
    post(CREATE, { input: { ...PERSON, username, attributes: attributes(size) } });
  t.equal((await create('large', 2 * 1024 * 1024)).status, 413);
  t.equal((await create('fits', 2 * 1024 * 1024 - 1000)).status, 200);
  t.same([...fluent.customers.keys()], ['fits']);
});

t.test('refuses more operations than configured with C0001E, without effect', async (t) => {
  const fluent = await start(t, { maximumOperations: 1 });
  const { ask, create } = await login(fluent);
  const answer = await ask(
    'mutation ($i: CreateCustomerInput) { a: createCustomer(input: $i) { id } b: createCustomer(input: $i) { id } }',
    {
      i: { ...PERSON, username: 'u1' },
    },
  );
  t.match(answer, { status: 200, data: null });
  t.same(codes(answer), ['C0001E']);
  t.equal(fluent.customers.size, 0);
  t.same(codes(await create('u1')), undefined);
});

t.test('can put a code into the message only', async (t) => {
  const { update } = await login(await start(t, { codeInMessage: true }));
  const [error] = (await update('nobody')).errors ?? [];
  t.match(error?.message, /^C0120E: /);
  t.equal(error?.extensions, undefined);
});

const answers: { name: string; fault: Fault; expected: object }[] = [
  { name: 'HTTP 503', fault: { kind: 'status', status: 503 }, expected: { status: 503 } },
  { name: 'HTTP 429', fault: { kind: 'too-many-requests' }, expected: { status: 429, retryAfter: null } },
  {
    name: 'HTTP 429 with Retry-After',
    fault: { kind: 'too-many-requests', retryAfterSeconds: 3 },
    expected: { status: 429, retryAfter: '3' },
  },
  {
    name: 'HTTP 502 in HTML',
    fault: { kind: 'html' },
    expected: { status: 502, type: 'text/html', text: /^<html>/ },
  },
  {
    name: 'C0011E in an HTTP 200',
    fault: { kind: 'rate-limit' },
    expected: { status: 200, text: /"code":"C0011E"/ },
  },
  {
    name: 'C0020E for every alias',
    fault: { kind: 'permission' },
    expected: { status: 200, text: /"createCustomer":null.*"path":\["createCustomer"\].*"C0020E"/ },
  },
];
for (const { name, fault, expected } of answers) {
  t.test(`answers ${name} the given number of times, without effect`, async (t) => {
    const fluent = await start(t);
    const { post } = await login(fluent);
    fluent.faults.on({ ...fault, times: 2 });
    for (let times = 0; times < 2; times += 1) {
      const response = await post(CREATE, { input: { ...PERSON, username: 'u1' } });
      const { status, headers } = response;
      const [type, retryAfter] = [headers.get('content-type'), headers.get('retry-after')];
      t.match({ status, type, retryAfter, text: await response.text() }, expected);
    }
    t.equal(fluent.customers.size, 0);
    t.equal(fluent.faults.injected[fault.kind], 2);
    t.equal((await post(CREATE, { input: { ...PERSON, username: 'u1' } })).status, 200);
    t.equal(fluent.customers.size, 1);
  });
}

t.test('can refuse correct credentials until the fault is deactivated', async (t) => {
  const fluent = await start(t);
  const { ask } = await login(fluent);
  const off = fluent.faults.on({ kind: 'wrong-credentials' });
  t.equal((await askToken(fluent)).status, 401);
  t.equal((await ask(ONE, { ref: 'a' })).status, 200);
  off();
  t.equal((await askToken(fluent)).status, 200);
});

for (const when of ['before-effect', 'after-effect'] as const) {
  const size = when === 'after-effect' ? 1 : 0;
  t.test(`resets the connection ${when}`, async (t) => {
    const fluent = await start(t);
    const { create } = await login(fluent);
    fluent.faults.on({ kind: 'reset', when, times: 1 });
    await t.rejects(create('u1'), TypeError);
    t.equal(fluent.customers.size, size);
    t.same(codes(await create('u1')), size === 1 ? ['C0121E'] : undefined);
  });

  t.test(`never answers, ${when}, and closes nevertheless`, async (t) => {
    const fluent = await startFluent();
    const { create } = await login(fluent);
    fluent.faults.on({ kind: 'hang', when });
    const answer = t.rejects(create('u1'), TypeError);
    await until(() => fluent.requests.mutation.requests === 1);
    t.equal(fluent.customers.size, size);
    await fluent.close();
    await answer;
  });

  t.test(`answers a server error ${when}`, async (t) => {
    const fluent = await start(t);
    const { post } = await login(fluent);
    fluent.faults.on({ kind: 'status', status: 500, when });
    t.equal((await post(CREATE, { input: { ...PERSON, username: 'u1' } })).status, 500);
    t.equal(fluent.customers.size, size);
  });
}

t.test(
  'writes before a slow response, so that the write of a client that times out takes effect',
  async (t) => {
    const fluent = await start(t);
    const { post } = await login(fluent);
    fluent.faults.on({ kind: 'slow', milliseconds: 60_000, times: 1 });
    const impatient = new AbortController();
    const answer = t.rejects(post(CREATE, { input: { ...PERSON, username: 'u1' } }, impatient.signal));
    await until(() => fluent.customers.has('u1'));
    t.ok(fluent.customers.has('u1'));
    impatient.abort();
    await answer;
  },
);

t.test('applies its latency to every response until it is deactivated', async (t) => {
  const fluent = await start(t, { faults: [{ kind: 'latency', milliseconds: 50 }] });
  const clock = stopClock(t);
  const answered: string[] = [];
  const loggedIn = login(fluent).then(async ({ ask }) => {
    answered.push('token');
    await ask(ONE, { ref: 'a' });
    answered.push('query');
    return ask;
  });
  for (const expected of [[], ['token']]) {
    t.ok(await until(() => fluent.faults.injected.latency === expected.length + 1));
    clock.pass(49);
    await new Promise(setImmediate);
    t.same(answered, expected);
    clock.pass(1);
  }
  const ask = await loggedIn;
  fluent.faults.off();
  await ask(ONE, { ref: 'a' });
  t.equal(fluent.faults.injected.latency, 2);
});

t.test('limits a fault to one kind of request', async (t) => {
  const fluent = await start(t);
  const { post } = await login(fluent);
  const requests = {
    token: () => askToken(fluent),
    query: () => post(ONE, { ref: 'a' }),
    mutation: () => post(UPDATE, { input: { username: 'a' } }),
  };
  for (const only of ['token', 'query', 'mutation'] as const) {
    fluent.faults.off();
    fluent.faults.on({ kind: 'status', status: 500, only });
    for (const [kind, send] of Object.entries(requests)) {
      t.equal((await send()).status, kind === only ? 500 : 200, `${only}: ${kind}`);
    }
  }
});

t.test('applies a fault with the given probability, by the given numbers', async (t) => {
  const numbers = [0.1, 0.5, 0.49, 0.9];
  const fluent = await start(t, { random: () => numbers.shift() ?? 1 });
  const { post } = await login(fluent);
  fluent.faults.on({ kind: 'status', status: 503, probability: 0.5 });
  const statuses = [];
  for (let times = 0; times < 4; times += 1) statuses.push((await post(ONE, { ref: 'a' })).status);
  t.same(statuses, [503, 200, 503, 200]);
});

t.test('fails only the mutations of given usernames with S0002E, without effect', async (t) => {
  const fluent = await start(t);
  const { ask } = await login(fluent);
  fluent.faults.on({ kind: 'partial', usernames: ['bad'], times: 1 });
  const document =
    'mutation ($a: CreateCustomerInput, $b: CreateCustomerInput) { a: createCustomer(input: $a) { id } b: createCustomer(input: $b) { id } }';
  const variables = { a: { ...PERSON, username: 'good' }, b: { ...PERSON, username: 'bad' } };
  const answer = await ask(document, variables);
  t.match(answer, { status: 200, data: { a: { id: '1' }, b: null }, errors: [{ path: ['b'] }] });
  t.same(codes(answer), ['S0002E']);
  t.same([...fluent.customers.keys()], ['good']);
  t.same(codes(await ask(document, variables)), ['C0121E']);
});

t.test('lets the next look-ups read an older state, and mutations the current one', async (t) => {
  const fluent = await start(t);
  const { create, ask, page } = await login(fluent);
  fluent.seed({ username: 'u0', firstName: 'Old' });
  fluent.staleLookups(2);
  fluent.seed({ username: 'u0', firstName: 'New' });
  await create('u1');
  t.same((await ask(ONE, { ref: 'u0' })).data, { customer: { username: 'u0', firstName: 'Old' } });
  t.same(codes(await create('u1')), ['C0121E']);
  t.same((await page({ username: ['u0', 'u1'] })).names, ['u0']);
  t.same((await page({ username: ['u0', 'u1'] })).names, ['u0', 'u1']);
});

t.test('records the requests and the writes that took effect, and drops the oldest', async (t) => {
  const fluent = await start(t, { remembered: 2 });
  const { create, ask, update } = await login(fluent);
  for (let n = 0; n < 9; n += 1) await create(`u${n}`);
  await update('u0', { country: 'NZ' });
  await ask(
    '{ a: customer(ref: "u0") { id } b: customer(ref: "u1") { id } c: customers { edges { cursor } } }',
  );
  t.match(fluent.requests, {
    token: { requests: 1, operations: 1 },
    query: { requests: 1, operations: 3 },
    mutation: { requests: 10, operations: 10 },
  });
  t.match(fluent.writes, { created: 9, updated: 1 });
  t.same(fluent.writes.last.at(-1), { kind: 'update', username: 'u0' });
  t.ok(fluent.writes.last.length <= 4 && fluent.requests.sent.length <= 4);
  t.match(fluent.requests.sent.at(-2), {
    kind: 'mutation',
    variables: { input: { username: 'u0', country: 'NZ' } },
  });
  t.same(fluent.requests.sent.at(-1)?.aliases, ['a', 'b', 'c']);
  for (const { document } of fluent.requests.sent) t.same(validate(fluent.schema, parse(document)), []);
  t.not(validate(fluent.schema, parse('{ addresses }')).length, 0);
});
