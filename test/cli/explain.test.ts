import { join } from 'node:path';
import t from 'tap';
import { z } from 'zod';
import { changeOf, startUpstreams } from '../sandbox/connected.ts';
import { wrap } from '../sandbox/push.ts';
import { runCommand, runProcess } from './command.ts';

const Report = z.object({ steps: z.array(z.looseObject({ step: z.string() })) });
const FIXTURES = join(import.meta.dirname, '..', 'fixtures');

t.test('explain', async (t) => {
  const { commercetools, fluent, env } = await startUpstreams(t);
  const customer = await commercetools.createCustomer({
    email: 'ada@example.com',
    firstName: 'Ada',
    password: 'secret',
  });
  fluent.seed({ username: customer.id, primaryEmail: 'old@example.com', firstName: 'Ada', attributes: [] });

  async function look(args: readonly string[], run: typeof runCommand = runCommand, input = '') {
    const { code, out, err } = await run(['explain', '--json', ...args], env, { input });
    const steps = out === '' ? [] : Report.parse(JSON.parse(out)).steps;
    return { code, out, err, steps, outcome: steps.at(-1) };
  }

  const asProcess: typeof runCommand = (...given) => runProcess(t, ...given);

  await t.test('shows each step of a push, names of fields only, and writes nothing', async (t) => {
    const { code, out, err, steps } = await look(['-'], asProcess, wrap(changeOf(customer)));
    t.equal(code, 0, err);
    t.match(
      steps.map(({ step }) => step),
      ['decoded', 'route', 'account', 'handler', 'in Fluent', 'would send', 'outcome'],
    );
    t.match(steps[0], { identity: `customer/${customer.id}@${customer.version}`, kind: 'ResourceUpdated' });
    t.match(steps[4], { found: true, version: customer.version });
    t.ok(JSON.stringify(steps[4]).includes('primaryEmail'));
    t.match(steps[6], { kind: 'update' });
    t.notMatch(out + err, /@example|Ada/);
    t.equal(fluent.requests.mutation.requests, 0);
  });

  await t.test('explains a customer by its id, and prints values with --reveal', async (t) => {
    const { code, out } = await look(['--id', customer.id, '--reveal']);
    t.equal(code, 0);
    t.match(out, /ada@example\.com/);
    t.equal(fluent.requests.mutation.requests, 0);
  });

  await t.test('--reveal shows each field in four columns: mapped, to be sent and held', async (t) => {
    const { code, out, err } = await runCommand(['explain', '--id', customer.id, '--reveal'], env);
    t.equal(code, 0, err);
    t.match(out, /│ Fluent field +│ in commercetools +│ would send +│ now in Fluent +│/);
    t.match(out, /│ primaryEmail +│ ada@example\.com +│ ada@example\.com +│ old@example\.com +│/);
    t.match(out, /│ firstName +│ Ada +│ Ada +│ Ada +│/);
    const hidden = await runCommand(['explain', '--id', customer.id], env);
    t.notMatch(hidden.out, /now in Fluent|@example/);
  });

  const CASES = [
    { file: 'undecodable.json', code: 1, outcome: { kind: 'rejected', reason: 'undecodable' } },
    {
      file: 'cloud-event-contradiction.json',
      code: 1,
      outcome: { kind: 'rejected', reason: 'contradiction' },
    },
    { file: 'subscription-test.json', code: 0, outcome: { kind: 'ignored', reason: 'subscription-test' } },
    { file: 'other-resource-type.json', code: 0, outcome: { kind: 'ignored', reason: 'no-route' } },
  ];
  for (const { file, code, outcome } of CASES)
    await t.test(`${file} ends in ${outcome.reason}`, async (t) => {
      const ended = await look([join(FIXTURES, file)]);
      t.equal(ended.code, code, ended.err);
      t.match(ended.outcome, outcome);
    });

  await t.test('reports an unknown id', async (t) => {
    const { code, outcome } = await look(['--id', '11111111-2222-4333-8444-555555555555']);
    t.equal(code, 1);
    t.match(outcome, { kind: 'gone', detail: /does not \(or no longer\) exist in commercetools/ });
  });

  await t.test('requires a file or an id', async (t) => {
    const { code, err } = await look([], asProcess);
    t.equal(code, 2);
    t.match(err, /Expected one of a file/);
  });
});
