import { inspect } from 'node:util';
import t, { type Test } from 'tap';
import { openAccount } from '../../src/engine/accounts.ts';
import { createLog } from '../../src/observe/log.ts';
import { outcomeOf } from '../../src/outcome.ts';
import { stopClock } from '../sandbox/clock.ts';
import { type CommercetoolsSandbox, startCommercetools } from '../sandbox/commercetools.ts';

/** Long, so that no test depends on the speed of the machine. */
const REQUEST_MILLISECONDS = 60_000;

interface Options {
  readonly clientSecret?: string;
  readonly scopes?: readonly string[];
  /** 1 disables batches, on this side too. */
  readonly fluentBatch?: number;
}

/** The stand-in, and the real client for it. */
async function start(t: Test) {
  const sandbox = await startCommercetools();
  t.teardown(() => sandbox.close());
  return { sandbox, open: (options: Options = {}) => openClient(t, sandbox, options) };
}

function openClient(t: Test, sandbox: CommercetoolsSandbox, options: Options) {
  const { clientSecret = sandbox.credentials.clientSecret, scopes = [], fluentBatch = 10 } = options;
  const { clientId } = sandbox.credentials;
  const accepted: boolean[] = [];
  const lines: string[] = [];
  const nowhere = {
    apiUrl: 'http://127.0.0.1:9',
    clientId: 'i',
    clientSecret: 's',
    username: 'u',
    password: 'p',
  };
  const { commercetools, upstreams } = openAccount(
    {
      commercetools: {
        projectKey: sandbox.projectKey,
        clientId,
        clientSecret,
        scopes,
        authUrl: sandbox.url,
        apiUrl: sandbox.url,
      },
      fluent: { ...nowhere, retailerId: '1' },
    },
    {
      commercetoolsConcurrency: 10,
      fluentConcurrency: 1,
      fluentBatch,
      requestMilliseconds: REQUEST_MILLISECONDS,
      budgetMilliseconds: 10 * REQUEST_MILLISECONDS,
      log: createLog('debug', { write: (line) => lines.push(line) }),
      onCredentials: (_, works) => accepted.push(works),
    },
  );
  t.teardown(() => Promise.all(upstreams.map((upstream) => upstream.close())));
  return { commercetools, accepted, lines };
}

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  const [settled] = await Promise.allSettled([promise]);
  return settled?.status === 'rejected' ? settled.reason : undefined;
}

function holdsNoToken(t: Test, error: unknown, lines: readonly string[]) {
  const text = `${inspect(error, { depth: 10, showHidden: true })}${lines.join('')}`;
  t.notMatch(text, /Bearer|authorization|sandbox-secret/i, 'no token');
}

t.test('a single customer is read by id', async (t) => {
  const { sandbox, open } = await start(t);
  const [customer] = sandbox.seed(1);
  const { commercetools } = open();
  t.match(await commercetools.readCustomer(String(customer?.id)), { id: customer?.id, version: 1 });
  t.match(sandbox.requests, { query: 0, 'by-id': 1, token: 1 });
});

t.test('concurrent reads of one customer send one request', async (t) => {
  const { sandbox, open } = await start(t);
  const [customer] = sandbox.seed(1);
  const { commercetools } = open();
  const id = String(customer?.id);
  const read = await Promise.all([1, 2, 3].map(() => commercetools.readCustomer(id)));
  t.ok(read.every((one) => one?.id === id));
  t.match(sandbox.requests, { query: 0, 'by-id': 1 });
});

t.test('concurrent reads of many customers send one query', async (t) => {
  const { sandbox, open } = await start(t);
  const ids = sandbox.seed(60).map(({ id }) => id);
  const { commercetools } = open();
  const read = await Promise.all(ids.map((id) => commercetools.readCustomer(id)));
  t.strictSame(
    read.map((customer) => customer?.id),
    ids,
  );
  t.match(sandbox.requests, { query: 1, 'by-id': 0 });
  const { searchParams } = new URL(sandbox.log.at(-1)?.split(' ')[1] ?? '', sandbox.url);
  t.equal(searchParams.get('limit'), '60');
  t.equal(searchParams.get('withTotal'), 'false');
  t.equal(searchParams.get('where'), `id in (${ids.map((id) => `"${id}"`).join(',')})`);
});

t.test('without batches each customer is read alone', async (t) => {
  const { sandbox, open } = await start(t);
  const ids = sandbox.seed(5).map(({ id }) => id);
  const { commercetools } = open({ fluentBatch: 1 });
  await Promise.all(ids.map((id) => commercetools.readCustomer(id)));
  t.match(sandbox.requests, { query: 0, 'by-id': 5 });
});

t.test('more customers than fit into a URL are read by several queries', async (t) => {
  const { sandbox, open } = await start(t);
  const ids = sandbox.seed(250).map(({ id }) => id);
  const { commercetools } = open();
  const read = await Promise.all(ids.map((id) => commercetools.readCustomer(id)));
  t.ok(read.every((customer, index) => customer?.id === ids[index]));
  t.equal(sandbox.requests.query, 3);
  t.ok(sandbox.log.every((line) => line.length < 8_000));
});

t.test('only customers that are missing or stale in a query are read by id', async (t) => {
  const { sandbox, open } = await start(t);
  const [old, same] = sandbox.seed(2);
  if (!old || !same) throw new Error('Expected two customers.');
  sandbox.lagQueries(Number.POSITIVE_INFINITY);
  const made = await sandbox.createCustomer({ email: 'made@example.com' });
  const next = await sandbox.updateCustomer(old.id, { firstName: 'Next' });
  const { commercetools } = open();
  const read = await Promise.all([
    commercetools.readCustomer(old.id, { atLeast: next.version }),
    commercetools.readCustomer(same.id, { atLeast: same.version }),
    commercetools.readCustomer(made.id),
  ]);
  t.match(read, [{ firstName: 'Next' }, { id: same.id }, { id: made.id }]);
  t.match(sandbox.requests, { query: 1, 'by-id': 2 });
});

t.test('a customer that is stale even by id is a failure', async (t) => {
  const { sandbox, open } = await start(t);
  const [customer] = sandbox.seed(1);
  const error = await errorOf(open().commercetools.readCustomer(String(customer?.id), { atLeast: 2 }));
  t.match(outcomeOf(error), { kind: 'failed', reason: 'stale-read' });
});

t.test('a stale customer is returned if that is allowed', async (t) => {
  const { sandbox, open } = await start(t);
  const ids = sandbox.seed(2).map(({ id }) => id);
  const { commercetools } = open();
  const read = await Promise.all(
    ids.map((id) => commercetools.readCustomer(id, { atLeast: 2, allowStale: true })),
  );
  t.match(
    read,
    ids.map((id) => ({ id, version: 1 })),
  );
  t.match(sandbox.requests, { query: 1, 'by-id': 2 }, 'after it was read by id');
});

/** Reads the versions of all concurrently, and returns the number of requests of each kind. */
async function readVersions(
  sandbox: CommercetoolsSandbox,
  { commercetools }: Pick<ReturnType<typeof openClient>, 'commercetools'>,
  ids: readonly string[],
) {
  const before = { ...sandbox.requests };
  const settled = await Promise.allSettled(ids.map((id) => commercetools.readVersion(id)));
  return {
    versions: settled.map((one) => (one.status === 'fulfilled' ? one.value : outcomeOf(one.reason))),
    graphql: sandbox.requests.graphql - before.graphql,
    byId: sandbox.requests['by-id'] - before['by-id'],
    query: sandbox.requests.query - before.query,
  };
}

t.test(
  'the versions of many customers are read by one request, however old their last change is',
  async (t) => {
    const { sandbox, open } = await start(t);
    const ids = sandbox.seed(60).map(({ id }) => id);
    const [first = ''] = ids;
    sandbox.lagQueries(Number.POSITIVE_INFINITY);
    await sandbox.updateCustomer(first, { firstName: 'Next' });
    t.strictSame(await readVersions(sandbox, open(), ids), {
      versions: [2, ...ids.slice(1).map(() => 1)],
      graphql: 1,
      byId: 0,
      query: 0,
    });
  },
);

t.test('the version of a single customer is read by its id', async (t) => {
  const { sandbox, open } = await start(t);
  const ids = sandbox.seed(1).map(({ id }) => id);
  t.strictSame(await readVersions(sandbox, open(), ids), { versions: [1], graphql: 0, byId: 1, query: 0 });
});

t.test('the version of a missing customer is undefined, alone and among others', async (t) => {
  const { sandbox, open } = await start(t);
  const [one = '', other = ''] = sandbox.seed(2).map(({ id }) => id);
  await sandbox.deleteCustomer(other);
  t.match(await readVersions(sandbox, open(), [other]), { versions: [undefined] });
  t.match(await readVersions(sandbox, open(), [one, other, 'nobody']), {
    versions: [1, undefined, undefined],
  });
});

t.test('an error for one customer of a request affects only that customer', async (t) => {
  const { sandbox, open } = await start(t);
  const ids = sandbox.seed(5).map(({ id }) => id);
  sandbox.fault({ kind: 'partial', ids: [String(ids[2])] });
  const { versions, graphql } = await readVersions(sandbox, open(), ids);
  t.match(versions, [1, 1, { kind: 'failed', reason: 'commercetools-error' }, 1, 1]);
  t.equal(graphql, 1);
});

t.test('a request for versions that is too complex is halved, and later requests are as small', async (t) => {
  const { sandbox, open } = await start(t);
  const ids = sandbox.seed(100).map(({ id }) => id);
  const versions = ids.map(() => 1);
  sandbox.limitGraphql(30);
  const client = open();
  t.match(await readVersions(sandbox, client, ids), { versions, graphql: 1 + 2 + 4, byId: 0 });
  t.match(
    await readVersions(sandbox, client, ids),
    { versions, graphql: 4, byId: 0 },
    'four concurrent requests',
  );
});

t.test('versions are read one by one by id if GraphQL refuses every request', async (t) => {
  const { sandbox, open } = await start(t);
  const ids = sandbox.seed(4).map(({ id }) => id);
  sandbox.fault({ kind: 'status', status: 400, only: 'graphql' });
  const client = open();
  t.match(await readVersions(sandbox, client, ids), { versions: [1, 1, 1, 1], graphql: 3, byId: 4 });
  t.match(await readVersions(sandbox, client, ids), { versions: [1, 1, 1, 1], graphql: 0, byId: 4 });
});

t.test('a persistent error fails every version of a request, which is not halved', async (t) => {
  const { sandbox, open } = await start(t);
  const ids = sandbox.seed(3).map(({ id }) => id);
  const cases = [
    { fault: { kind: 'status', status: 503 }, reason: 'upstream-error', requests: 3 },
    { fault: { kind: 'reset' }, reason: 'upstream-unreachable', requests: 3 },
    { fault: { kind: 'insufficient-scope' }, reason: 'permission-missing', requests: 1 },
  ] as const;
  for (const { fault, reason, requests } of cases) {
    const off = sandbox.fault({ only: 'graphql', ...fault });
    const { versions, graphql } = await readVersions(sandbox, open(), ids);
    t.match(
      versions,
      ids.map(() => ({ kind: 'failed', reason })),
    );
    t.equal(graphql, requests, reason);
    off();
  }
});

t.test('a missing customer is undefined, alone and among others', async (t) => {
  const { sandbox, open } = await start(t);
  const [customer] = sandbox.seed(1);
  const { commercetools } = open();
  t.equal(await commercetools.readCustomer('nobody'), undefined);
  t.equal(await commercetools.readCustomerById('nobody'), undefined);
  const read = await Promise.all(
    ['nobody', String(customer?.id), 'none'].map((id) => commercetools.readCustomer(id)),
  );
  t.strictSame(
    read.map((one) => one?.id),
    [undefined, customer?.id, undefined],
  );
});

t.test('a missing permission fails immediately and turns readiness off until it is granted', async (t) => {
  const { sandbox, open } = await start(t);
  const [customer] = sandbox.seed(1);
  const off = sandbox.fault({ kind: 'insufficient-scope', only: 'by-id' });
  const { commercetools, accepted } = open();
  const error = await errorOf(commercetools.readCustomer(String(customer?.id)));
  t.match(outcomeOf(error), { kind: 'failed', reason: 'permission-missing' });
  t.equal(sandbox.requests['by-id'], 1);
  t.equal(accepted.at(-1), false);
  off();
  t.ok(await commercetools.readCustomer(String(customer?.id)));
  t.equal(accepted.at(-1), true);
});

t.test('wrong credentials, or a scope that is not granted, fail with one token request', async (t) => {
  const { sandbox, open } = await start(t);
  for (const options of [{ clientSecret: 'wrong-secret' }, { scopes: ['manage_everything'] }]) {
    const before = sandbox.requests.token;
    const { commercetools, accepted, lines } = open(options);
    for (const id of ['a', 'b', 'c']) {
      const error = await errorOf(commercetools.readCustomer(id));
      t.match(outcomeOf(error), { kind: 'failed', reason: 'credentials-refused' });
      t.notMatch(`${inspect(error)}${lines.join('')}`, /wrong-secret|Basic/);
    }
    t.equal(sandbox.requests.token, before + 1);
    t.equal(accepted.at(-1), false);
  }
});

t.test('requests the configured scopes', async (t) => {
  const { sandbox, open } = await start(t);
  const [customer] = sandbox.seed(1);
  const { commercetools } = open({ scopes: [`view_customers:${sandbox.projectKey}`] });
  t.ok(await commercetools.readCustomer(String(customer?.id)));
});

t.test('a revoked token is renewed once for all waiting requests', async (t) => {
  const { sandbox, open } = await start(t);
  const ids = sandbox.seed(20).map(({ id }) => id);
  const { commercetools, accepted } = open();
  await Promise.all(ids.map((id) => commercetools.readCustomerById(id)));
  t.equal(sandbox.requests.token, 1);
  sandbox.revokeTokens();
  const read = await Promise.all(ids.map((id) => commercetools.readCustomerById(id)));
  t.ok(read.every(Boolean));
  t.equal(sandbox.requests.token, 2);
  t.notOk(accepted.includes(false));
});

t.test('temporary errors are retried', async (t) => {
  const faults = [
    { kind: 'status', status: 503 },
    { kind: 'status', status: 500, only: 'token' },
    { kind: 'bad-gateway' },
    { kind: 'too-many-requests', retryAfterSeconds: 0 },
    { kind: 'reset' },
  ] as const;
  const tryOne = async (fault: (typeof faults)[number]) => {
    const { sandbox, open } = await start(t);
    const [customer] = sandbox.seed(1);
    sandbox.fault({ only: 'by-id', ...fault, times: 1 });
    const { commercetools } = open();
    const read = await commercetools.readCustomer(String(customer?.id));
    t.equal(read?.id, customer?.id, `after ${JSON.stringify(fault)}`);
    t.equal(sandbox.faultCounts[fault.kind], 1, `${fault.kind} struck`);
  };
  await Promise.all(faults.map(tryOne));
});

t.test('a persistent error is a failure with its status and without a token', async (t) => {
  const cases = [
    { fault: { kind: 'status', status: 503 }, reason: 'upstream-error', requests: 3 },
    { fault: { kind: 'bad-gateway' }, reason: 'upstream-error', requests: 3 },
    { fault: { kind: 'reset' }, reason: 'upstream-unreachable', requests: 3 },
    { fault: { kind: 'status', status: 400 }, reason: 'http-400', requests: 1 },
    { fault: { kind: 'too-many-requests', retryAfterSeconds: 30 }, reason: 'rate-limited', requests: 1 },
    { fault: { kind: 'wrong-credentials', only: 'by-id' }, reason: 'credentials-refused', requests: 2 },
  ] as const;
  const tryOne = async ({ fault, reason, requests }: (typeof cases)[number]) => {
    const { sandbox, open } = await start(t);
    sandbox.fault({ only: 'by-id', ...fault });
    const { commercetools, lines } = open();
    const error = await errorOf(commercetools.readCustomerById('one'));
    t.match(outcomeOf(error), { kind: 'failed', reason }, `${fault.kind}: ${reason}`);
    t.equal(sandbox.requests['by-id'], requests, `${fault.kind}: tries`);
    holdsNoToken(t, error, lines);
    if (reason === 'rate-limited') t.match(outcomeOf(error), { retryAfterSeconds: 30 });
  };
  await Promise.all(cases.map(tryOne));
});

for (const fault of [{ kind: 'hang' }, { kind: 'slow', milliseconds: 100 * REQUEST_MILLISECONDS }] as const)
  t.test(`a request that meets '${fault.kind}' is aborted at its time-out and retried`, async (t) => {
    const { sandbox, open } = await start(t);
    const [customer] = sandbox.seed(1);
    if (customer === undefined) throw new Error('Expected a customer.');
    const { commercetools, lines } = open();
    await commercetools.readCustomerById(customer.id);
    const clock = stopClock(t);
    const struck = () => sandbox.faultCounts[fault.kind];

    sandbox.fault({ only: 'by-id', ...fault, times: 1 });
    const read = commercetools.readCustomerById(customer.id);
    t.ok(await clock.passUntil(() => struck() === 1));
    clock.pass(REQUEST_MILLISECONDS);
    const before = sandbox.requests['by-id'];
    t.ok(await clock.passUntil(() => sandbox.requests['by-id'] > before));
    t.match(await read, { id: customer.id });

    sandbox.fault({ only: 'by-id', ...fault });
    const failed = errorOf(commercetools.readCustomerById(customer.id));
    for (let tries = 1; tries <= 3; tries += 1) {
      t.ok(await clock.passUntil(() => struck() === 1 + tries));
      clock.pass(REQUEST_MILLISECONDS);
    }
    const error = await failed;
    t.match(outcomeOf(error), { kind: 'failed', reason: 'upstream-timeout' });
    t.equal(struck(), 4, 'three tries');
    holdsNoToken(t, error, lines);
  });

t.test('a refused query is halved, and finally replaced by reads by id', async (t) => {
  const { sandbox, open } = await start(t);
  const customers = await Promise.all(
    ['a', 'b'].map((name) => sandbox.createCustomer({ email: `${name}@example.com` })),
  );
  sandbox.fault({ kind: 'status', status: 400, only: 'query' });
  const { commercetools } = open();
  const read = await Promise.all(customers.map(({ id }) => commercetools.readCustomer(id)));
  t.match(
    read,
    customers.map(({ id }) => ({ id })),
  );
});

t.test('the request builder is sent in the same way, including writes', async (t) => {
  const { open } = await start(t);
  const { api } = open().commercetools;
  const made = await api
    .customers()
    .post({ body: { email: 'amba@example.com', password: 'made-up' } })
    .execute();
  const { id, version } = made.body.customer;
  const body = { version, actions: [{ action: 'setFirstName' as const, firstName: 'Amba' }] };
  t.match(await api.customers().withId({ ID: id }).post({ body }).execute(), { body: { firstName: 'Amba' } });
  const error = await errorOf(api.customers().withId({ ID: id }).post({ body }).execute());
  t.match(outcomeOf(error), { kind: 'failed', reason: 'http-409' });
});
