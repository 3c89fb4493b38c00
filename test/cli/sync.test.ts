import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startUpstreams, type Upstreams } from '../sandbox/connected.ts';
import { runCommand, runProcess } from './command.ts';

const STATE = '.customer-sync-state.json';

function inFluent({ fluent }: Upstreams): string[] {
  return [...fluent.customers.keys()].sort();
}

t.test('rejected customers are reported, and do not stop the run', async (t) => {
  const upstreams = await startUpstreams(t);
  const { commercetools, env } = upstreams;
  commercetools.seed(12);
  const [one] = commercetools.customers();
  if (!one) throw new Error('Expected a customer.');
  await commercetools.updateCustomer(one.id, { email: `${'x'.repeat(250)}@example.com` });
  const cwd = t.testdir({});
  const { code, out } = await runProcess(t, ['sync', '--json', '--report', 'bad.ndjson'], env, { cwd });
  t.equal(code, 1);
  t.match(JSON.parse(out), { written: 11, rejected: 1, failed: 0, report: 'bad.ndjson' });
  t.match(JSON.parse(readFileSync(join(cwd, 'bad.ndjson'), 'utf8')), {
    id: one.id,
    version: 2,
    outcome: 'rejected',
    reason: 'no-email',
  });
  t.notOk(readFileSync(join(cwd, 'bad.ndjson'), 'utf8').includes('xxxx'), 'it contains no personal data');
});

t.test('customers that always fail are reported, and do not stop the run', async (t) => {
  const upstreams = await startUpstreams(t);
  const { commercetools, fluent, env } = upstreams;
  const ids = commercetools
    .seed(60)
    .map(({ id }) => id)
    .sort();
  const [first, second, third] = [ids[0], ids[30], ids[59]];
  if (!first || !second || !third) throw new Error('Expected customers.');
  const failing = [first, second, third];
  const off = fluent.faults.on({ kind: 'partial', usernames: failing });
  const cwd = t.testdir({});
  const { code, out, err } = await runCommand(['sync', '--json', '--report', 'bad.ndjson'], env, { cwd });
  t.equal(code, 1, err);
  t.match(JSON.parse(out), { finished: true, written: 57, failed: 3, ended: 60, report: 'bad.ndjson' });
  const reported = readFileSync(join(cwd, 'bad.ndjson'), 'utf8').trim().split('\n');
  t.match(
    reported.map((line) => JSON.parse(line)),
    failing.map((id) => ({ outcome: 'failed', id, version: 1, reason: 'upstream-error' })),
  );
  t.same(
    inFluent(upstreams),
    ids.filter((id) => !failing.includes(id)),
  );
  t.notOk(existsSync(join(cwd, STATE)), 'the run is finished');
  off();
  const again = await runCommand(['sync', '--ids', failing.join(',')], env, { cwd });
  t.equal(again.code, 0, again.err);
  t.same(inFluent(upstreams), ids);
});

t.test('20 failed customers in a row stop the run, and the next run starts with them', async (t) => {
  const upstreams = await startUpstreams(t);
  const { commercetools, fluent, env } = upstreams;
  const ids = commercetools
    .seed(40)
    .map(({ id }) => id)
    .sort();
  const off = fluent.faults.on({ kind: 'partial', usernames: ids.slice(5, 25) });
  const cwd = t.testdir({});
  const { code, out, err } = await runProcess(t, ['sync', '--json'], env, { cwd });
  t.equal(code, 3);
  t.match(err, /20 customers in a row/);
  t.match(JSON.parse(out), { finished: false, ended: 5, failed: 0, failure: 'upstream-error' });
  t.match(JSON.parse(readFileSync(join(cwd, STATE), 'utf8')), { position: { id: ids[4] } });
  off();
  const second = await runCommand(['sync'], env, { cwd });
  t.equal(second.code, 0, second.err);
  t.same(inFluent(upstreams), ids);
});

t.test('--since, --where and --ids select', async (t) => {
  const upstreams = await startUpstreams(t);
  const { commercetools, fluent, env } = upstreams;
  const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
  const seeded = commercetools.seed(6);
  for (const [index, { id }] of seeded.entries())
    await commercetools.updateCustomer(id, { lastModifiedAt: ago(index + 0.5) });
  const [a, b, c, d] = seeded.map(({ id }) => id);
  const cases = [
    { args: ['--since', '2h'], expected: [a, b] },
    { args: ['--since', ago(3)], expected: [a, b, c] },
    { args: ['--where', 'customerNumber in ("C3", "C4")'], expected: [c, d] },
    { args: ['--ids', `${d}, ${a}`], expected: [a, d] },
    { args: ['--since', '2h', '--where', 'customerNumber = "C2"'], expected: [b] },
  ];
  for (const { args, expected } of cases) {
    fluent.customers.clear();
    const { code, err } = await runCommand(['sync', ...args], env, { cwd: t.testdir({}) });
    t.equal(code, 0, err);
    t.same(inFluent(upstreams), [...expected].sort(), args.join(' '));
  }
});

t.test('--dry-run writes nothing and prints what would be done', async (t) => {
  const { commercetools, fluent, env } = await startUpstreams(t);
  commercetools.seed(3);
  const cwd = t.testdir({});
  await runCommand(['sync'], env, { cwd });
  const [changed, removed] = commercetools.customers();
  if (!changed || !removed) throw new Error('Expected customers.');
  await commercetools.updateCustomer(changed.id, { lastName: 'Renamed' });
  fluent.customers.delete(removed.id);
  const before = fluent.requests.mutation.requests;
  const { code, out } = await runCommand(['sync', '--dry-run', '--json'], env, { cwd });
  t.equal(code, 0);
  t.equal(fluent.requests.mutation.requests, before);
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.match(
    lines.find(({ id }) => id === changed.id),
    { would: 'update', fields: ['lastName', 'attributes.commercetoolsVersion'] },
  );
  t.match(
    lines.find(({ id }) => id === removed.id),
    { would: 'create' },
  );
  t.match(lines.at(-1), { dryRun: true, create: 1, update: 1, unchanged: 1 });
  t.notMatch(out, /Renamed/);
  t.notOk(existsSync(join(cwd, STATE)));
});

t.test('a missing permission stops the run, and the next run continues', async (t) => {
  const upstreams = await startUpstreams(t);
  const { commercetools, fluent, env } = upstreams;
  commercetools.seed(20);
  const off = fluent.faults.on({ kind: 'permission', only: 'mutation' });
  const cwd = t.testdir({});
  const { code, err } = await runCommand(['sync'], env, { cwd });
  t.equal(code, 3);
  t.match(err, /Run the same command again/);
  off();
  const second = await runCommand(['sync'], env, { cwd });
  t.equal(second.code, 0, second.err);
  t.same(
    inFluent(upstreams),
    commercetools
      .customers()
      .map(({ id }) => id)
      .sort(),
  );
});

t.test('refuses an invalid command line with advice', async (t) => {
  const { env } = await startUpstreams(t);
  const cases: [string[], RegExp][] = [
    [['--since', 'yesterday'], /2026-01-31/],
    [['--ids', 'a"b'], /letters, digits/],
    [['--account', 'other'], /sandbox-project/],
    [['--state', 'custom-object:x'], /<container>\/<key>/],
    [['--ids', 'a', '--since', '2h'], /cannot be used with/],
  ];
  const cwd = t.testdir({});
  for (const [args, expected] of cases) {
    const { code, err } = await runCommand(['sync', ...args], env, { cwd });
    t.equal(code, 2, args.join(' '));
    t.match(err, expected);
  }
  const help = await runCommand(['sync', '--help'], env, { cwd });
  t.equal(help.code, 0);
  t.match(help.out, /Examples:/);
});

t.test('rejects an id that does not exist in commercetools, and reports it', async (t) => {
  const upstreams = await startUpstreams(t);
  const { commercetools, env } = upstreams;
  const [known] = commercetools.seed(1);
  if (!known) throw new Error('Expected a customer.');
  const unknown = '11111111-2222-4333-8444-555555555555';
  const cwd = t.testdir({});
  const args = ['sync', '--ids', `${known.id},${unknown}`, '--json'];
  const dry = await runCommand([...args, '--dry-run'], env, { cwd });
  t.equal(dry.code, 1, dry.err);
  t.match(dry.out, `"would":"gone","id":"${unknown}"`);
  const { code, out, err } = await runCommand(args, env, { cwd });
  t.equal(code, 1, err);
  t.match(JSON.parse(out), { finished: true, written: 1, rejected: 1, reasons: { 'unknown-id': 1 } });
  t.match(JSON.parse(readFileSync(join(cwd, 'rejected.ndjson'), 'utf8')), {
    outcome: 'rejected',
    id: unknown,
    reason: 'unknown-id',
  });
  t.same(inFluent(upstreams), [known.id]);
});

t.test('reports an invalid predicate with the error of commercetools', async (t) => {
  const { commercetools, env } = await startUpstreams(t);
  commercetools.seed(1);
  const cwd = t.testdir({});
  for (const command of [['sync'], ['sync', '--dry-run'], ['reconcile']]) {
    const { code, err } = await runCommand([...command, '--where', 'emial ='], env, { cwd });
    t.equal(code, 2, command.join(' '));
    t.match(
      err,
      /option --where\n {2}expected {2}a valid predicate.*\n {2}found {5}one that commercetools refuses: Malformed parameter: where: /,
    );
  }
});
