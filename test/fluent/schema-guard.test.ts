import { inspect } from 'node:util';
import t, { type Test } from 'tap';
import type { SchemaMismatch } from '../../src/fluent/schema-mismatch.ts';
import { outcomeOf } from '../../src/outcome.ts';
import { stopClock } from '../sandbox/clock.ts';
import { type FluentSandbox, startFluent } from '../sandbox/fluent.ts';
import type { SchemaVariant } from '../sandbox/fluent-schema.ts';
import { until } from '../sandbox/until.ts';
import { draft, names, openFluent } from './open.ts';

async function start(t: Test, schema: SchemaVariant) {
  const sandbox = await startFluent({ schema });
  t.teardown(() => sandbox.close());
  return { sandbox, ...openFluent(t, sandbox) };
}

/** The number of requests for the schema. */
function questions({ requests }: FluentSandbox): number {
  return requests.sent.filter(({ document }) => document.includes('__schema')).length;
}

const errorOf = (call: Promise<unknown>): Promise<SchemaMismatch> =>
  call.then(
    () => Promise.reject(new Error('Expected a failure.')),
    (error) => error,
  );

for (const closed of [false, true]) {
  const how = closed ? 'where the schema is closed' : 'by introspection';

  t.test(`reports a required field without a value ${how}`, async (t) => {
    const { fluent, sandbox } = await start(t, { required: ['firstName', 'timezone'], closed });
    const error = await errorOf(fluent.createCustomer({ ...draft('one'), firstName: 'Amba' }));
    t.match(outcomeOf(error), { kind: 'failed', reason: 'schema-mismatch' });
    t.match(error.message, /createCustomer requires timezone, which was not given/);
    t.notMatch(inspect(error), /Amba|@example/);
    t.equal(sandbox.customers.size, 0);
    const complete = { ...draft('two'), firstName: 'Amba', timezone: 'GMT+1' };
    t.match(await fluent.createCustomer(complete), { username: 'two' }, 'what fits is written');
  });

  t.test(`reports a field that the input lacks ${how}`, async (t) => {
    const { fluent } = await start(t, { without: ['title'], closed });
    const error = await errorOf(fluent.createCustomer({ ...draft('one'), title: 'Dr' }));
    t.match(outcomeOf(error), { kind: 'failed', reason: 'schema-mismatch' });
    t.match(error.message, /the input of createCustomer has no field title/);
  });

  t.test(`reports an account without updateCustomer ${how}`, async (t) => {
    const { fluent, sandbox } = await start(t, { withoutUpdate: true, closed });
    sandbox.seed(draft('one'));
    const error = await errorOf(fluent.updateCustomer({ username: 'one', firstName: 'Amba' }));
    t.match(outcomeOf(error), { kind: 'failed', reason: 'schema-mismatch' });
    t.match(error.message, /there is no mutation updateCustomer/);
    t.match(await fluent.createCustomer(draft('two')), { username: 'two' });
  });

  t.test(`many refusals cause one request for the schema, and then fail no batch (${how})`, async (t) => {
    const { fluent, sandbox } = await start(t, { required: ['timezone'], closed });
    const creating = (name: string) => errorOf(fluent.createCustomer(draft(name)));
    const ended = await Promise.all(names(40).map(creating));
    t.ok(ended.every(({ reason }) => reason === 'schema-mismatch'));
    t.equal(questions(sandbox), 1);
    const before = sandbox.requests.mutation.requests;
    const good = names(9).map((name) => ({ ...draft(`good-${name}`), timezone: 'GMT+1' }));
    await Promise.all([...names(40).map(creating), ...good.map((input) => fluent.createCustomer(input))]);
    t.equal(sandbox.requests.mutation.requests, before + 1, 'what cannot fit is not sent');
    t.equal(questions(sandbox), 1);
  });
}

t.test('a customer whose attribute is refused does not count as a schema mismatch', async (t) => {
  const { fluent, mismatches } = await start(t, {});
  const invalid = { ...draft('invalid'), attributes: [{ name: 'a', type: 'STRING', value: undefined }] };
  t.match(outcomeOf(await errorOf(fluent.createCustomer(invalid))), {
    kind: 'rejected',
    reason: 'refused-by-fluent',
  });
  t.same(mismatches, []);
});

t.test('detects a corrected schema by a probe, or by a write that succeeds', async (t) => {
  const clock = stopClock(t, ['Date']);
  const { fluent, sandbox, mismatches } = await start(t, { required: ['timezone'] });
  await errorOf(fluent.createCustomer(draft('one')));
  t.match(mismatches.at(-1), /createCustomer requires timezone/);
  fluent.schema.probe();
  t.ok(await until(() => questions(sandbox) === 2));
  t.match(mismatches.at(-1), /createCustomer requires timezone/, 'not mended yet');
  await sandbox.changeSchema({});
  t.ok(
    await until(() => {
      clock.pass(2_000);
      fluent.schema.probe();
      return mismatches.at(-1) === undefined;
    }),
  );
  t.match(await fluent.createCustomer(draft('one')), { username: 'one' }, 'and is written at once');

  await sandbox.changeSchema({ required: ['timezone'] });
  await errorOf(fluent.createCustomer(draft('two')));
  t.match(mismatches.at(-1), /timezone/);
  await fluent.createCustomer({ ...draft('three'), timezone: 'GMT+1' });
  t.equal(mismatches.at(-1), undefined, 'the account takes what most customers have');
});

t.test('without access to the schema the next write detects it, after a while', async (t) => {
  const clock = stopClock(t, ['Date']);
  const { fluent, mismatches } = await start(t, { required: ['timezone'], closed: true });
  await errorOf(fluent.createCustomer(draft('one')));
  t.match(mismatches.at(-1), /timezone/);
  t.ok(
    await until(() => {
      clock.pass(10_000);
      fluent.schema.probe();
      return mismatches.at(-1) === undefined;
    }),
  );
});
