import { existsSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { z } from 'zod';
import { startUpstreams } from '../sandbox/connected.ts';
import { runCommand } from './command.ts';

const SHIPPED = new URL('../../config/connector.yml', import.meta.url);
const LAST = '.customer-sync-state.json.last';
const State = z.object({ fingerprint: z.string(), position: z.object({ id: z.string() }) });
const Last = z.record(z.string(), z.object({ fingerprint: z.string(), finishedAt: z.iso.datetime() }));

/** Starts both stand-ins with customers, and writes a connector file whose mapping of `title` can be changed. */
async function setUp(t: Test, count: number) {
  const upstreams = await startUpstreams(t);
  upstreams.commercetools.seed(count);
  const cwd = t.testdir({});
  const text = await readFile(SHIPPED, 'utf8');
  async function map(title: string): Promise<void> {
    await writeFile(join(cwd, 'connector.yml'), text.replace('title: title', `title: ${title}`));
  }
  await map('title');
  const env = { ...upstreams.env, CONNECTOR_CONFIG: 'connector.yml' };
  return { ...upstreams, map, cwd, run: (...args: string[]) => runCommand(args, env, { cwd }) };
}

const lastIn = (cwd: string) => Last.parse(JSON.parse(readFileSync(join(cwd, LAST), 'utf8')));

t.test('doctor reports a mapping that has changed since the last full sync, and what to do', async (t) => {
  const { map, cwd, run } = await setUp(t, 3);
  t.match(
    (await run('doctor')).out,
    /\n– mapping of sandbox-project: skipped: no full sync is recorded beside \.customer-sync-state\.json\n/,
  );
  t.equal((await run('sync')).code, 0);
  t.match(
    (await run('doctor')).out,
    /\n✔ mapping of sandbox-project: the same as in the last full sync, of 20\d\d-/,
  );
  const { fingerprint } = lastIn(cwd)['sandbox-project'] ?? {};

  await map('salutation');
  const changed = await run('doctor');
  t.match(
    changed.out,
    new RegExp(
      `\\n! mapping of sandbox-project: changed since the last full sync, of 20\\d\\d-\\d\\d-\\d\\d \\(${fingerprint}, now [0-9a-f]{12}\\)\\n` +
        '  → Customers that have not changed since .*Run `customer-sync sync --dry-run` to see what would change, then `customer-sync sync`\\.\\n',
    ),
  );
  for (const selection of [
    ['--since', '2h'],
    ['--where', 'key is not defined'],
  ])
    t.equal((await run('sync', ...selection)).code, 0);
  t.match((await run('doctor')).out, /\n! mapping of/, 'a sync of selected customers is not a full sync');
  t.equal((await run('sync')).code, 0);
  t.match((await run('doctor')).out, /\n✔ mapping of/);

  await map('title # the same');
  await run('sync');
  t.equal(lastIn(cwd)['sandbox-project']?.fingerprint, fingerprint, 'a comment changes nothing');
});

t.test('a custom object stores the last full sync', async (t) => {
  const { cwd, run } = await setUp(t, 3);
  const where = ['--state', 'custom-object:customer-sync/backfill'];
  t.equal((await run('sync', ...where)).code, 0);
  t.notOk(existsSync(join(cwd, LAST)));
  t.match(
    (await run('doctor', ...where)).out,
    /\n✔ mapping of sandbox-project: the same as in the last full sync/,
  );
  t.match((await run('doctor')).out, /\n– mapping of sandbox-project: skipped/);
  t.match(
    (await run('doctor', '--state', 'custom-object:x')).out,
    /\n✖ mapping of sandbox-project: --state: expected custom-object:<container>\/<key>/,
  );
});

t.test(
  'a sync that continues with another mapping reports it, and does not count as full with the new mapping',
  async (t) => {
    const { commercetools, fluent, map, cwd, run } = await setUp(t, 40);
    const ids = commercetools
      .customers()
      .map(({ id }) => id)
      .sort();
    const off = fluent.faults.on({ kind: 'partial', usernames: ids.slice(5, 25) });
    t.equal((await run('sync')).code, 3);
    off();
    const state = State.parse(JSON.parse(readFileSync(join(cwd, '.customer-sync-state.json'), 'utf8')));
    t.equal(state.position.id, ids[4]);
    t.match(state.fingerprint, /^[0-9a-f]{12}$/);

    await map('salutation');
    const { code, err } = await run('sync');
    t.equal(code, 0, err);
    t.match(err, /Continuing after 5 customers/);
    t.match(
      err,
      new RegExp(
        `The mapping has changed since this run started \\(${state.fingerprint}, now [0-9a-f]{12}\\): these customers were written with the earlier mapping\\. --restart starts again`,
      ),
    );
    t.match((await run('doctor')).out, /\n! mapping of sandbox-project: changed since the last full sync/);
  },
);
