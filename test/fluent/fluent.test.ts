import { inspect } from 'node:util';
import t, { type Test } from 'tap';
import { Conflict, NotThere } from '../../src/fluent/fluent.ts';
import { outcomeOf } from '../../src/outcome.ts';
import { stopClock } from '../sandbox/clock.ts';
import { type FluentOptions, startFluent } from '../sandbox/fluent.ts';
import { until } from '../sandbox/until.ts';
import { draft, names, openFluent, REQUEST_MILLISECONDS } from './open.ts';

async function start(t: Test, options?: FluentOptions) {
  const sandbox = await startFluent(options);
  t.teardown(() => sandbox.close());
  return sandbox;
}

/** The outcomes of concurrent calls; `done` for a call that did not throw. */
async function outcomes(calls: readonly Promise<unknown>[]) {
  const settled = await Promise.allSettled(calls);
  return settled.map((one) =>
    one.status === 'rejected' ? outcomeOf(one.reason) : { kind: 'done', reason: 'done' },
  );
}

t.test('concurrent look-ups are sent as one query with their number', async (t) => {
  const sandbox = await start(t);
  sandbox.seed(...names(30).map(draft));
  const { fluent } = openFluent(t, sandbox);
  const found = await Promise.all(
    [...names(30), 'nobody', 'user-3'].map((name) => fluent.findCustomer(name)),
  );
  t.strictSame(
    found.map((customer) => customer?.username),
    [...names(30), undefined, 'user-3'],
  );
  t.match(sandbox.requests.query, { requests: 1, operations: 1 });
  t.match(sandbox.requests.sent[0]?.variables, { first: 31 });
});

t.test('a single look-up is sent immediately, by name or by reference', async (t) => {
  const sandbox = await start(t);
  sandbox.seed(draft('one'));
  const { fluent } = openFluent(t, sandbox);
  t.match(await fluent.findCustomer('one'), { username: 'one', primaryEmail: 'one@example.com' });
  t.match(await fluent.findCustomer('one', { alone: true }), { username: 'one' });
  t.equal(await fluent.findCustomer('two'), undefined);
  t.equal(await fluent.findCustomer('two', { alone: true }), undefined);
  t.strictSame(
    sandbox.requests.sent.map(({ aliases }) => aliases),
    [['customers'], ['c0'], ['customers'], ['c0']],
  );
});

t.test('a username with % is looked up by reference and is no wildcard', async (t) => {
  const sandbox = await start(t);
  sandbox.seed(draft('a-b'), draft('a%'), draft('a-c'));
  const { fluent } = openFluent(t, sandbox);
  const found = await Promise.all(['a%', 'a-b', '%', '%%'].map((name) => fluent.findCustomer(name)));
  t.strictSame(
    found.map((customer) => customer?.username),
    ['a%', 'a-b', undefined, undefined],
  );
  t.match(sandbox.requests.sent[0]?.variables, { usernames: ['a-b'], first: 1, r0: 'a%' });
  t.equal(sandbox.requests.query.requests, 1);
});

t.test('25 concurrent writes are sent in batches of ten', async (t) => {
  const sandbox = await start(t);
  const { fluent } = openFluent(t, sandbox);
  await Promise.all(names(25).map((name) => fluent.createCustomer(draft(name))));
  t.equal(sandbox.customers.size, 25);
  t.equal(sandbox.requests.mutation.operations, 25);
  t.ok([3, 4].includes(sandbox.requests.mutation.requests), String(sandbox.requests.mutation.requests));
  t.ok(sandbox.requests.sent.every(({ aliases }) => aliases.length <= 10));
});

t.test('with a batch size of one every operation is sent alone', async (t) => {
  const sandbox = await start(t);
  const { fluent } = openFluent(t, sandbox, { batch: 1 });
  await Promise.all(names(5).map((name) => fluent.createCustomer(draft(name))));
  await Promise.all(names(5).map((name) => fluent.findCustomer(name)));
  t.match(sandbox.requests.mutation, { requests: 5, operations: 5 });
  t.match(sandbox.requests.query, { requests: 5, operations: 5 });
});

t.test('in a batch each write fails alone', async (t) => {
  const sandbox = await start(t);
  sandbox.seed(draft('taken'));
  sandbox.faults.on({ kind: 'partial', usernames: ['unlucky'] });
  const { fluent } = openFluent(t, sandbox);
  const settled = await Promise.allSettled([
    fluent.createCustomer(draft('good')),
    fluent.createCustomer(draft('taken')),
    fluent.updateCustomer({ username: 'nobody' }),
    fluent.createCustomer(draft('unlucky')),
    fluent.createCustomer({ ...draft('long'), firstName: 'x'.repeat(51) }),
    fluent.updateCustomer({ username: 'taken', firstName: 'Amba' }),
  ]);
  t.equal(sandbox.requests.mutation.requests, 1);
  const reasons = settled.map((one) => (one.status === 'rejected' ? one.reason : 'done'));
  t.equal(reasons[0], 'done');
  t.type(reasons[1], Conflict);
  t.type(reasons[2], NotThere);
  t.match(outcomeOf(reasons[3]), { kind: 'failed', reason: 'upstream-error' });
  t.match(outcomeOf(reasons[4]), { kind: 'rejected', reason: 'refused-by-fluent' });
  t.equal(reasons[5], 'done');
  t.strictSame([...sandbox.customers.keys()], ['taken', 'good']);
  t.notMatch(inspect(reasons), /xxxx|@example\.com/, 'and no error quotes a value');
});

t.test('a write returns the customer after it, for each write of a batch', async (t) => {
  const sandbox = await start(t);
  sandbox.seed({
    ...draft('held'),
    primaryPhone: '+49 1',
    attributes: [{ name: 'tier', type: 'STRING', value: 'gold' }],
  });
  const { fluent } = openFluent(t, sandbox);
  const attributes = [{ name: 'key', type: 'STRING', value: 'k-1' }];
  const [made, changed, same] = await Promise.all([
    fluent.createCustomer({ ...draft('new'), firstName: 'Amba', attributes }),
    fluent.updateCustomer({ username: 'held', firstName: 'Corva', attributes }),
    fluent.updateCustomer({ username: 'held' }),
  ]);
  t.equal(sandbox.requests.mutation.requests, 1);
  t.match(made, { username: 'new', firstName: 'Amba', primaryEmail: 'new@example.com', attributes });
  t.match(changed, { username: 'held', firstName: 'Corva', primaryPhone: '+49 1' }, 'what was not sent, too');
  t.strictSame(
    changed.attributes?.map(({ name, value }) => [name, value]),
    [
      ['tier', 'gold'],
      ['key', 'k-1'],
    ],
  );
  t.strictSame(same, changed);
  t.strictSame(await fluent.findCustomer('held', { alone: true }), changed, 'as a look-up shows it');
});

t.test('a request that is too complex is halved until it fits', async (t) => {
  const sandbox = await start(t, { maximumOperations: 3 });
  const { fluent } = openFluent(t, sandbox);
  await Promise.all(names(10).map((name) => fluent.createCustomer(draft(name))));
  t.equal(sandbox.customers.size, 10);
  t.match(sandbox.writes, { created: 10 });
  const sizes = sandbox.requests.sent.map(({ aliases }) => aliases.length);
  t.same([...sizes].sort(), [10, 2, 2, 3, 3, 5, 5]);
});

t.test('a single customer that is too complex is rejected', async (t) => {
  const sandbox = await start(t, { maximumOperations: 0 });
  const { fluent } = openFluent(t, sandbox);
  const [one, two] = await outcomes(names(2).map((name) => fluent.createCustomer(draft(name))));
  t.match([one, two], [{ kind: 'rejected', reason: 'too-complex' }, { kind: 'rejected' }]);
});

t.test(
  'a request that is too large is halved until it fits, and a customer that is too large is rejected',
  async (t) => {
    const sandbox = await start(t);
    const { fluent } = openFluent(t, sandbox);
    const large = (username: string, size: number) => ({
      ...draft(username),
      attributes: [{ name: 'notes', type: 'STRING', value: 'x'.repeat(size) }],
    });
    const calls = [...names(4).map((name) => large(name, 700_000)), large('giant', 2_200_000)];
    const ended = await outcomes(calls.map((input) => fluent.createCustomer(input)));
    t.strictSame(
      ended.map(({ kind }) => kind),
      ['done', 'done', 'done', 'done', 'rejected'],
    );
    t.equal(sandbox.customers.size, 4);
  },
);

t.test('a write that causes an error of the whole batch is found and fails alone', async (t) => {
  const sandbox = await start(t);
  const { fluent } = openFluent(t, sandbox);
  // Without a value the schema refuses the attribute: an error without a path, and nothing is written.
  const invalid = { ...draft('invalid'), attributes: [{ name: 'a', type: 'STRING', value: undefined }] };
  const good = names(7).map(draft);
  const ended = await outcomes(
    [...good.slice(0, 3), invalid, ...good.slice(3)].map((input) => fluent.createCustomer(input)),
  );
  t.match(ended[3], { kind: 'rejected', reason: 'refused-by-fluent' });
  t.equal(ended.filter(({ kind }) => kind === 'done').length, 7);
  t.strictSame([...sandbox.customers.keys()].sort(), names(7));
});

for (const unauthorised of ['http', 'graphql'] as const)
  t.test(`a revoked token is renewed once for all waiting requests (${unauthorised})`, async (t) => {
    const sandbox = await start(t, { unauthorised });
    sandbox.seed(...names(20).map(draft));
    const { fluent, accepted } = openFluent(t, sandbox, { batch: 1 });
    await Promise.all(names(20).map((name) => fluent.findCustomer(name)));
    t.equal(sandbox.requests.token.requests, 1, 'one for all at the start');
    sandbox.revokeTokens();
    const found = await Promise.all(names(20).map((name) => fluent.findCustomer(name)));
    t.ok(found.every(Boolean));
    t.equal(sandbox.requests.token.requests, 2);
    t.notOk(accepted.includes(false), 'readiness stays on');
  });

t.test('an expired token is renewed', async (t) => {
  let ahead = 0;
  const sandbox = await start(t, { tokenLifetimeSeconds: 60, now: () => Date.now() + ahead });
  const { fluent } = openFluent(t, sandbox);
  await fluent.findCustomer('one');
  ahead = 61_000;
  await fluent.findCustomer('one');
  t.equal(sandbox.requests.token.requests, 2);
});

t.test('a token is renewed before it expires', async (t) => {
  const sandbox = await start(t, { tokenLifetimeSeconds: 0.2, now: () => 0 });
  const { fluent } = openFluent(t, sandbox);
  t.ok(
    await until(async () => {
      await fluent.findCustomer('one');
      return sandbox.requests.token.requests === 2;
    }),
  );
  t.equal(sandbox.requests.unauthorised, 0);
});

t.test('wrong credentials fail, turn readiness off and cause one token request', async (t) => {
  const sandbox = await start(t);
  const { fluent, accepted, lines } = openFluent(t, sandbox, { password: 'wrong-secret' });
  const ended = await outcomes(names(5).map((name) => fluent.findCustomer(name)));
  t.ok(ended.every(({ kind, reason }) => kind === 'failed' && reason === 'credentials-refused'));
  t.match(await outcomes([fluent.createCustomer(draft('one'))]), [{ reason: 'credentials-refused' }]);
  t.equal(sandbox.requests.token.requests, 1);
  t.equal(accepted.at(-1), false);
  t.notMatch(`${lines.join('')}${inspect(ended)}`, /wrong-secret/);
});

t.test('sends the account in its requests', async (t) => {
  const sandbox = await start(t, { account: 'FCT' });
  t.equal(await openFluent(t, sandbox, { account: 'FCT' }).fluent.findCustomer('one'), undefined);
  const other = openFluent(t, sandbox, { account: 'OTHER' });
  t.match(await outcomes([other.fluent.findCustomer('one')]), [{ reason: 'credentials-refused' }]);
});

t.test('temporary errors are retried', async (t) => {
  for (const fault of [
    { kind: 'status', status: 503 },
    { kind: 'html' },
    { kind: 'reset' },
    { kind: 'too-many-requests', retryAfterSeconds: 0 },
    { kind: 'status', status: 500, only: 'token' },
  ] as const) {
    const sandbox = await start(t, { faults: [{ only: 'query', ...fault, times: 1 }] });
    sandbox.seed(draft('one'));
    const { fluent } = openFluent(t, sandbox);
    t.match(await fluent.findCustomer('one'), { username: 'one' }, JSON.stringify(fault));
    t.equal(sandbox.faults.injected[fault.kind], 1);
  }
});

t.test('a request without a response is aborted at its time-out and retried', async (t) => {
  const sandbox = await start(t);
  sandbox.seed(draft('one'));
  const { fluent } = openFluent(t, sandbox);
  await fluent.findCustomer('one');
  sandbox.faults.on({ kind: 'hang', only: 'query', times: 1 });
  const clock = stopClock(t);
  const found = fluent.findCustomer('one');
  t.ok(await until(() => sandbox.faults.injected.hang === 1));
  clock.pass(REQUEST_MILLISECONDS);
  t.ok(await clock.passUntil(() => sandbox.requests.query.requests === 3));
  t.match(await found, { username: 'one' });
});

t.test('any other operation is sent in the same way', async (t) => {
  const sandbox = await start(t);
  sandbox.seed(draft('one'));
  const { fluent } = openFluent(t, sandbox);
  const query = 'query ($ref: String!) { customer(ref: $ref) { id } }';
  t.strictSame(await fluent.request(query, { ref: 'one' }), { customer: { id: '1' } });
  t.match(await outcomes([fluent.request('{ nothing }')]), [{ kind: 'failed', reason: 'fluent-error' }]);
});
