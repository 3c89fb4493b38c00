import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { parse } from 'yaml';
import { readAccounts } from '../../../src/cli/dev/accounts.ts';
import { Examples } from '../../../src/cli/dev/examples.ts';
import { startStandIns } from '../../kit/stand-ins.ts';
import { freePort } from '../../sandbox/free-port.ts';
import { until } from '../../sandbox/until.ts';
import { startCommand } from '../command.ts';

const SHIPPED = join(import.meta.dirname, '../../../config/connector.yml');
const shipped = parse(await readFile(SHIPPED, 'utf8'));
const { routes } = shipped;
const [{ commercetools, fluent }] = shipped.accounts;

/** The shipped account, one with a project key that is written out, and one with variables of its own. */
const ACCOUNTS = [
  { commercetools, fluent },
  { commercetools: { ...commercetools, projectKey: 'second-shop' }, fluent: { ...fluent, retailerId: 2 } },
  { commercetools: renamed(commercetools), fluent: renamed(fluent) },
];
const PROJECTS = ['sandbox-project', 'second-shop', 'sandbox-project-3'];

/** `CTP_CLIENT_ID` becomes `THIRD_CTP_CLIENT_ID`. */
function renamed(fields: Readonly<Record<string, string>>): object {
  return JSON.parse(JSON.stringify(fields).replaceAll('${', '${THIRD_'));
}

/** `dev` or `stand-ins` in a folder of its own, with its accounts in connector.json. */
async function develop(t: Test, args: readonly string[], accounts: readonly object[] = ACCOUNTS) {
  const folder = t.testdir();
  const config = join(folder, 'connector.json');
  await writeFile(config, JSON.stringify({ accounts, routes }));
  let said = '';
  const onText = (text: string) => {
    said += text;
  };
  const command = startCommand(
    t,
    [...args, '--no-emulator', '--port', String(await freePort())],
    { CONNECTOR_CONFIG: config },
    { cwd: folder, onText },
  );
  let isOver = false;
  void command.ended.then(() => {
    isOver = true;
  });
  const says = async (text: RegExp) => {
    await until(() => text.test(said) || isOver);
    t.match(said, text);
  };
  return { config, command, says, said: () => said };
}

t.test('dev brings the customers of every project in the connector file to its Fluent', async (t) => {
  const { config, command, says, said } = await develop(t, ['dev']);
  for (const project of PROJECTS)
    await says(new RegExp(`Fluent holds .*"commercetoolsProject":"${project}"`));
  const [first, second, third] = PROJECTS.map((project) => {
    const line = new RegExp(`The project ${project} in commercetools at \\S+ feeds Fluent at (\\S+)\\.\n`);
    return line.exec(said())?.[1];
  });
  t.match(first, /^http:/);
  t.equal(second, first, 'accounts with one address share a Fluent');
  t.not(third, first, 'another address is another Fluent');
  t.match(said(), `export THIRD_FLUENT_API_URL=${third}\n`);

  const changed = JSON.stringify({ accounts: ACCOUNTS, routes }).replace('second-shop', 'fourth-shop');
  await writeFile(config, changed);
  await says(/connector\.json has accounts .* \(project fourth-shop\); end this command and start it again/);
  command.kill('SIGINT');
  t.equal((await command.ended).code, 0);
});

t.test('stand-ins has every project too, and traffic in each', async (t) => {
  const { command, says, said } = await develop(t, ['stand-ins', '--traffic']);
  await says(/traffic on/);
  const url = /export CTP_API_URL=(\S+)/.exec(said())?.[1];
  const client = ['ID', 'SECRET'].map((name) =>
    new RegExp(`export THIRD_CTP_CLIENT_${name}=(\\S+)`).exec(said())?.at(1),
  );
  const granted = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(client.join(':')).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const { access_token: token } = JSON.parse(await granted.text());
  for (const project of PROJECTS) {
    const headers = { authorization: `Bearer ${token}` };
    const total = async () => {
      const answer = await fetch(`${url}/${project}/customers?limit=1`, { headers });
      return JSON.parse(await answer.text()).total;
    };
    t.ok(await until(async () => (await total()) === 9), `${project}: the example and those of the traffic`);
  }
  command.kill('SIGINT');
  t.equal((await command.ended).code, 0);
});

t.test('stand-ins refuses a file that leads to a real system', async (t) => {
  const { command } = await develop(
    t,
    ['stand-ins'],
    [{ commercetools, fluent: { ...fluent, apiUrl: 'https://account.example.com' } }],
  );
  const { code, err } = await command.ended;
  t.equal(code, 2);
  t.match(err, /leads to https:\/\/account\.example\.com, which is no stand-in/);
});

t.test('a project that two accounts name by mistake has one example', async (t) => {
  const twice = [0, 1].map((fluent) => ({ projectKey: 'one-shop', fluent }));
  const standIns = await startStandIns({ accounts: twice });
  t.teardown(() => standIns.close());
  await Examples.create(standIns);
  t.equal(standIns.commercetools.customers().length, 1);
});

t.test('reads no accounts from a file that holds none', async (t) => {
  const folder = t.testdir({ 'broken.yml': 'accounts: [', 'empty.yml': 'accounts: []', 'alias.yml': '*x' });
  for (const name of ['broken.yml', 'empty.yml', 'alias.yml', 'absent.yml'])
    t.equal(await readAccounts(join(folder, name), {}), undefined, name);
});

t.test('a project key may hold a variable', async (t) => {
  const file = join(t.testdir(), 'connector.json');
  const account = {
    commercetools: { projectKey: `shop-\${STAGE}` },
    fluent: { apiUrl: fluent.apiUrl },
  };
  await writeFile(file, JSON.stringify({ accounts: [account] }));
  t.same(await readAccounts(file, { STAGE: 'one' }), [
    { projectKey: 'shop-one', fluent: 0, variables: new Map([['FLUENT_API_URL', 'fluent.apiUrl']]) },
  ]);
});
