import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startUpstreams, type Upstreams } from '../sandbox/connected.ts';
import { runCommand } from './command.ts';

const SHIPPED = new URL('../../config/connector.yml', import.meta.url);
const NO_FIRST_NAME = [{ action: 'setFirstName' } as const];
const EMPTY = 'firstName: custom.fields.nickname';

/** Creates customers that are equal on both sides, and a mapping that blanks a field for some of them. */
async function startBlanking(
  t: Test,
  customers: number,
  firstName = EMPTY,
): Promise<Upstreams & { cwd: string; line: number; ids: string[]; firstNames: () => number }> {
  const upstreams = await startUpstreams(t);
  const { commercetools, fluent, env } = upstreams;
  const seeded = commercetools.seed(customers);
  for (const { id } of seeded) await commercetools.updateCustomer(id, { firstName: 'Amba' });
  const cwd = t.testdir({});
  const { code, err } = await runCommand(['sync'], env, { cwd });
  t.equal(code, 0, err);
  const text = (await readFile(SHIPPED, 'utf8')).replace('firstName: firstName', firstName);
  const path = join(cwd, 'connector.yml');
  await writeFile(path, text);
  return {
    ...upstreams,
    env: { ...env, CONNECTOR_CONFIG: 'connector.yml' },
    cwd,
    line: text.slice(0, text.indexOf(firstName)).split('\n').length,
    ids: seeded.map(({ id }) => id).sort(),
    firstNames: () => [...fluent.customers.values()].filter((one) => one.firstName === 'Amba').length,
  };
}

t.test(
  'sync stops before its twenty-first write if it would blank a field of too many customers',
  async (t) => {
    const { env, cwd, line, firstNames, fluent } = await startBlanking(t, 200);
    const before = fluent.writes.updated;
    const { code, out, err } = await runCommand(['sync', '--json'], env, { cwd });
    t.equal(code, 3, err);
    t.ok(fluent.writes.updated - before <= 20, `${fluent.writes.updated - before} were written`);
    t.ok(firstNames() >= 180, `${firstNames()} first names are left`);
    t.match(JSON.parse(out), { finished: false, failure: 'would-blank' });
    t.match(
      err,
      new RegExp(
        `Stopped: the run would blank firstName for \\d+ of \\d+ customers, connector\\.yml:${line}:\\d+\\. ` +
          'Fluent has a value and the mapping has none\\. Correct the mapping, or allow it with --allow-blanking firstName',
      ),
    );
    const again = await runCommand(['sync', '--allow-blanking', 'firstName'], env, { cwd });
    t.equal(again.code, 0, again.err);
    t.equal(firstNames(), 0, 'it continues with --allow-blanking');
  },
);

t.test('sync stops for a field that --allow-blanking does not name', async (t) => {
  const { env, cwd, firstNames } = await startBlanking(t, 40);
  const { code, err } = await runCommand(['sync', '--allow-blanking', 'lastName, title'], env, { cwd });
  t.equal(code, 3, err);
  t.ok(firstNames() >= 20);
});

t.test('sync continues up to a tenth of the customers, and in runs of fewer than twenty', async (t) => {
  await t.test('3 of 40', async (t) => {
    const { env, cwd, ids, commercetools, firstNames } = await startBlanking(t, 40, 'firstName: firstName');
    for (const id of ids.slice(0, 3)) await commercetools.updateCustomer(id, NO_FIRST_NAME);
    const { code, err } = await runCommand(['sync'], env, { cwd });
    t.equal(code, 0, err);
    t.equal(firstNames(), 37);
  });
  await t.test(
    'the first 28 of 300, which are written before the others are known to need nothing',
    async (t) => {
      const { env, cwd, ids, commercetools, firstNames } = await startBlanking(
        t,
        300,
        'firstName: firstName',
      );
      for (const id of ids.slice(0, 28)) await commercetools.updateCustomer(id, NO_FIRST_NAME);
      const { code, err } = await runCommand(['sync'], env, { cwd });
      t.equal(code, 0, err);
      t.equal(firstNames(), 272);
    },
  );
  await t.test('19 of 19', async (t) => {
    const { env, cwd, firstNames } = await startBlanking(t, 19);
    t.equal((await runCommand(['sync'], env, { cwd })).code, 0);
    t.equal(firstNames(), 0);
  });
});

t.test('sync --dry-run lists blanked fields separately, and prints the first ten customers', async (t) => {
  const { env, cwd, line, ids, commercetools, firstNames } = await startBlanking(t, 25);
  for (const id of ids.slice(0, 2)) await commercetools.updateCustomer(id, { lastName: 'Renamed' });
  const { code, out, err } = await runCommand(['sync', '--dry-run'], env, { cwd });
  t.equal(code, 0, err);
  t.equal(firstNames(), 25);
  const lines = out.trim().split('\n');
  t.equal(lines.filter((text) => text.startsWith('would update ')).length, 10);
  t.ok(
    lines.includes(
      `would update ${ids[0]}: lastName, attributes.commercetoolsVersion; would blank firstName`,
    ),
  );
  t.ok(lines.includes(`would update ${ids[2]}: would blank firstName`));
  t.strictSame(lines.slice(10), [
    '… and 15 more: --verbose prints all of them.',
    'Nothing was written. A run would: create 0, update 25, unchanged 0, rejected 0.',
    'would change lastName (2), attributes.commercetoolsVersion (2)',
    'would blank firstName (25)',
  ]);
  t.match(
    err,
    new RegExp(`A run would stop: it would blank firstName for 25 of 25 customers, connector\\.yml:${line}:`),
  );
  const all = await runCommand(['sync', '--dry-run', '--verbose'], env, { cwd });
  t.equal(all.out.split('\n').filter((text) => text.startsWith('would update ')).length, 25);
  const json = await runCommand(['sync', '--dry-run', '--json'], env, { cwd });
  t.match(JSON.parse(json.out.trim().split('\n').at(-1) ?? ''), {
    fields: { lastName: 2 },
    blanked: { firstName: 25 },
  });
});

t.test('explain lists blanked fields separately', async (t) => {
  const { env, cwd, ids, commercetools } = await startBlanking(t, 1);
  const [id = ''] = ids;
  await commercetools.updateCustomer(id, { lastName: 'Renamed' });
  const { code, out } = await runCommand(['explain', '--id', id], env, { cwd });
  t.equal(code, 0);
  t.match(
    out,
    /\n {2}would change {2}lastName, attributes\.commercetoolsVersion\n {2}would blank {3}firstName\n/,
  );
});

t.test('reconcile lists blanked fields separately, and --fix stops before it writes', async (t) => {
  const { env, cwd, line, firstNames, fluent } = await startBlanking(t, 60);
  const before = fluent.writes.updated;
  const seen = await runCommand(['reconcile'], env, { cwd });
  t.equal(seen.code, 1, seen.err);
  t.match(seen.out, /blank firstName/);
  t.match(seen.out, /different 60.*\nwould blank firstName \(60\)\n$/);
  const fixing = await runCommand(['reconcile', '--fix'], env, { cwd });
  t.equal(fixing.code, 3, fixing.err);
  t.match(
    fixing.err,
    new RegExp(`Stopped: it would blank firstName for 60 of 60 customers, connector\\.yml:${line}:`),
  );
  t.match(fixing.err, /--allow-blanking firstName/);
  t.equal(fluent.writes.updated, before, 'nothing was written');
  const allowed = await runCommand(['reconcile', '--fix', '--allow-blanking', 'firstName'], env, { cwd });
  t.equal(allowed.code, 0, allowed.err);
  t.equal(firstNames(), 0);
});
