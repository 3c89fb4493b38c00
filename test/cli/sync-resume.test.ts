import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startUpstreams, type Upstreams } from '../sandbox/connected.ts';
import { until } from '../sandbox/until.ts';
import { runCommand, startCommand } from './command.ts';

const STATE = '.customer-sync-state.json';
const PAGE = 500;
/** More customers than a page and those in flight, which an interrupted sync finishes. */
const COUNT = 750;
const FEW_AT_ONCE = ['--concurrency', '100'];

/** Starts both stand-ins; `pages` records, for each requested page of customers, the id that it starts after. */
async function setUp(t: Test): Promise<Upstreams & { readonly pages: readonly string[] }> {
  const pages: string[] = [];
  const upstreams = await startUpstreams(t, {
    onRequest(line) {
      if (!line.includes('sort=')) return;
      pages.push(/id > "([^"]+)"/.exec(decodeURIComponent(line).replaceAll('+', ' '))?.[1] ?? '');
    },
  });
  upstreams.commercetools.seed(COUNT);
  return { ...upstreams, pages };
}

function inFluent({ fluent }: Upstreams): string[] {
  return [...fluent.customers.keys()].sort();
}

function idsIn({ commercetools }: Upstreams): string[] {
  return commercetools
    .customers()
    .map(({ id }) => id)
    .sort();
}

for (const signal of ['SIGINT', 'SIGKILL'] as const)
  t.test(`a sync that was ended by ${signal} continues where it stopped`, async (t) => {
    const upstreams = await setUp(t);
    const { fluent, env, pages: noted } = upstreams;
    // Slow enough to send the signal before the end of the run.
    const off = fluent.faults.on({ kind: 'latency', milliseconds: 150, only: 'mutation' });
    const cwd = t.testdir({});
    const first = startCommand(t, ['sync', '--json', ...FEW_AT_ONCE], env, { cwd });
    t.ok(await until(() => existsSync(join(cwd, STATE))), 'the first page is done');
    first.kill(signal);
    const { code, err } = await first.ended;
    const before = fluent.writes.created;
    t.ok(before < COUNT, 'the run was interrupted');
    if (signal === 'SIGINT') {
      t.equal(code, 130);
      t.match(err, /Run the same command again/);
    }
    const state = JSON.parse(readFileSync(join(cwd, STATE), 'utf8'));
    const ids = idsIn(upstreams);
    const done = ids.indexOf(state.position.id) + 1;
    t.ok(done >= PAGE, `${done} are done by the checkpoint`);
    t.ok(
      ids.slice(0, done).every((id) => fluent.customers.has(id)),
      'no customer before the checkpoint is left out',
    );

    off();
    const seen = noted.length;
    const second = await runCommand(['sync', '--json'], env, { cwd });
    t.equal(second.code, 0, second.err);
    t.same(inFluent(upstreams), ids, 'no customer is missing');
    const pages = noted.slice(seen);
    t.equal(pages[0], state.position.id, 'the first page follows the checkpoint');
    t.equal(pages.length, Math.floor((COUNT - done) / PAGE) + 1, 'no page is read twice');
    t.equal(fluent.writes.created, COUNT, 'no customer is created twice');
    t.match(JSON.parse(second.out), { finished: true, continued: true, total: COUNT, ended: COUNT });
    t.notOk(existsSync(join(cwd, STATE)), 'a finished run removes its checkpoint');
  });

t.test('the checkpoint can be a custom object', async (t) => {
  const upstreams = await setUp(t);
  const { commercetools, fluent, env, pages: noted } = upstreams;
  const where = ['--state', 'custom-object:customer-sync/backfill'];
  const cwd = t.testdir({});
  const off = fluent.faults.on({ kind: 'latency', milliseconds: 150, only: 'mutation' });
  const first = startCommand(t, ['sync', ...where, ...FEW_AT_ONCE], env, { cwd });
  t.ok(await until(() => commercetools.requests.write > 0), 'the checkpoint was written');
  first.kill('SIGINT');
  t.equal((await first.ended).code, 130);
  off();
  const seen = noted.length;
  const other = await runCommand(['sync', ...where, '--where', 'key = "a"'], env, { cwd });
  t.equal(other.code, 2, 'another selection is refused');
  t.match(other.err, /--restart/);
  t.equal(noted.length, seen);
  const second = await runCommand(['sync', ...where], env, { cwd });
  t.equal(second.code, 0, second.err);
  t.ok(noted[seen], 'it continues after a position');
  t.same(inFluent(upstreams), idsIn(upstreams));
  t.notOk(existsSync(join(cwd, STATE)));
  const third = await runCommand(['sync', ...where, '--json'], env, { cwd });
  t.match(
    JSON.parse(third.out),
    { continued: false, unchanged: COUNT },
    'a finished run leaves no checkpoint',
  );
});
