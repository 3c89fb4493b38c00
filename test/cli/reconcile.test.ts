import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startUpstreams, type Upstreams } from '../sandbox/connected.ts';
import { runCommand, runProcess } from './command.ts';

/** Creates customers of which three differ: one is missing, one different and one orphaned. */
async function startDiffering(
  t: Test,
): Promise<Upstreams & { missing: string; different: string; orphaned: string; cwd: string }> {
  const upstreams = await startUpstreams(t);
  const { commercetools, fluent, env } = upstreams;
  commercetools.seed(600);
  const cwd = t.testdir({});
  const { code, err } = await runCommand(['sync'], env, { cwd });
  t.equal(code, 0, err);
  const [missing, different, orphaned] = commercetools.customers().map(({ id }) => id);
  if (!missing || !different || !orphaned) throw new Error('Expected three customers.');
  fluent.customers.delete(missing);
  fluent.seed({ username: different, lastName: 'Meddled' });
  await commercetools.deleteCustomer(orphaned);
  fluent.seed({ username: 'somebody-else', primaryEmail: 'else@example.com' });
  fluent.seed({
    username: 'elsewhere',
    retailer: { id: '2' },
    attributes: [{ name: 'commercetoolsId', type: 'STRING', value: 'elsewhere' }],
  });
  return { ...upstreams, missing, different, orphaned, cwd };
}

function linesOf(out: string) {
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

t.test('reconcile reports missing, different and orphaned customers, and writes nothing', async (t) => {
  const { fluent, env, cwd, missing, different, orphaned } = await startDiffering(t);
  const before = fluent.requests.mutation.requests;
  const { code, out } = await runProcess(t, ['reconcile', '--json'], env, { cwd });
  t.equal(code, 1);
  const lines = linesOf(out);
  t.same(
    lines.slice(0, -1).map(({ finding, id, fields }) => ({ finding, id, fields })),
    [
      ...[
        { finding: 'missing', id: missing, fields: undefined },
        { finding: 'different', id: different, fields: ['lastName'] },
      ].sort((one, other) => (one.id < other.id ? -1 : 1)),
      { finding: 'orphaned', id: orphaned, fields: undefined },
    ],
  );
  t.match(lines.at(-1), {
    summary: { finished: true, equal: 597, missing: 1, different: 1, orphaned: 1, fixed: 0 },
  });
  t.equal(fluent.requests.mutation.requests, before);
  t.notMatch(out, /Meddled/);
  const table = await runCommand(['reconcile'], env, { cwd });
  t.equal(table.code, 1);
  t.match(table.out, new RegExp(`different.*${different}.*lastName`));
});

t.test('reconcile --fix corrects the differences, and orphans if the route anonymises', async (t) => {
  const { fluent, env, cwd, different, orphaned, missing } = await startDiffering(t);
  const left = await runCommand(['reconcile', '--fix', '--json'], env, { cwd });
  t.equal(left.code, 1, 'an orphan is not changed if the route ignores deletions');
  t.match(linesOf(left.out).at(-1), { summary: { missing: 1, different: 1, orphaned: 1, fixed: 2 } });
  t.ok(fluent.customers.has(missing));
  t.not(fluent.customers.get(different)?.lastName, 'Meddled');

  const configuration = readFileSync(join(import.meta.dirname, '../../config/connector.yml'), 'utf8');
  const connector = join(
    t.testdir({ 'connector.yml': configuration.replace('onDelete: ignore', 'onDelete: anonymise') }),
    'connector.yml',
  );
  const anonymising = { ...env, CONNECTOR_CONFIG: connector };
  const fixed = await runCommand(['reconcile', '--fix'], anonymising, { cwd });
  t.equal(fixed.code, 0, fixed.err);
  t.equal(fluent.customers.get(orphaned)?.primaryEmail, `deleted-${orphaned}@anonymised.invalid`);
  t.equal(
    fluent.customers.get('elsewhere')?.primaryEmail,
    undefined,
    "another retailer's customer is not changed",
  );
  const again = await runCommand(['reconcile', '--json'], anonymising, { cwd });
  t.equal(again.code, 0, 'both sides are equal');
  t.match(linesOf(again.out), [{ summary: { equal: 599, missing: 0, different: 0, orphaned: 0 } }]);
});

t.test('reconcile exits with 3 if an upstream is down', async (t) => {
  const { commercetools, fluent, env } = await startUpstreams(t);
  commercetools.seed(3);
  fluent.faults.on({ kind: 'permission', only: 'query' });
  const { code, err } = await runCommand(['reconcile'], env, { cwd: t.testdir({}) });
  t.equal(code, 3);
  t.match(err, /not complete/);
});

t.test('a customer that cannot be compared is undecided, and the comparison continues', async (t) => {
  const { commercetools, fluent, env } = await startUpstreams(t);
  commercetools.seed(5);
  const cwd = t.testdir({});
  const synced = await runCommand(['sync'], env, { cwd });
  t.equal(synced.code, 0, synced.err);
  const [one] = commercetools.customers();
  if (!one) throw new Error('Expected a customer.');
  // Fluent names another customer as the owner of its username, and that customer cannot be read.
  const owner = { name: 'commercetoolsId', type: 'STRING', value: 'somebody-else' };
  fluent.seed({ username: one.id, attributes: [owner] });
  commercetools.fault({ kind: 'status', status: 400, only: 'by-id' });
  const { code, out, err } = await runCommand(['reconcile', '--where', 'version > 0', '--json'], env, {
    cwd,
  });
  t.equal(code, 1, err);
  t.match(linesOf(out), [
    { finding: 'undecided', id: one.id, reason: 'http-400' },
    { summary: { finished: true, equal: 4, missing: 0, different: 0, undecided: 1, fixed: 0 } },
  ]);
  const dry = await runCommand(['sync', '--dry-run', '--json'], env, { cwd });
  t.equal(dry.code, 1, dry.err);
  t.match(linesOf(dry.out), [
    { would: 'undecided', id: one.id, reason: 'http-400' },
    { unchanged: 4, undecided: 1 },
  ]);
});

t.test('corrects a version that commercetools never had', async (t) => {
  const { commercetools, fluent, env } = await startUpstreams(t);
  commercetools.seed(2);
  const cwd = t.testdir({});
  await runCommand(['sync'], env, { cwd });
  const [one] = commercetools.customers();
  if (!one) throw new Error('Expected a customer.');
  const edited = { name: 'commercetoolsVersion', type: 'INTEGER', value: 999_999 };
  for (const command of [
    ['reconcile', '--fix'],
    ['sync', '--ids', one.id],
  ]) {
    fluent.seed({ username: one.id, firstName: 'Edited', attributes: [edited] });
    const { code, err } = await runCommand(command, env, { cwd });
    t.equal(code, 0, err);
    t.match(fluent.customers.get(one.id), { firstName: one.firstName ?? '' }, command.join(' '));
  }
});
