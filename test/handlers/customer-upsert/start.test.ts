import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { loadConfiguration } from '../../../config/load.ts';
import { ConfigurationError, type Fault } from '../../../src/configuration-error.ts';
import { startCommercetools } from '../../sandbox/commercetools.ts';
import { startFluent } from '../../sandbox/fluent.ts';
import { sendPush } from '../../sandbox/push.ts';
import { environmentFor, startService } from '../../sandbox/service.ts';

const SHIPPED = new URL('../../../config/connector.yml', import.meta.url);
const NOWHERE = {
  url: 'http://127.0.0.1:9',
  credentials: { clientId: 'a', clientSecret: 'b' },
  projectKey: 'p',
};
const CREDENTIALS = { clientId: 'a', clientSecret: 'b', username: 'c', password: 'd' };

/** The shipped file with lines replaced, at a path of the test's own. */
async function fileWith(t: Test, changes: Readonly<Record<string, string>>) {
  let text = await readFile(SHIPPED, 'utf8');
  for (const [found, replacement] of Object.entries(changes)) {
    if (!text.includes(found)) throw new Error(`Expected connector.yml to hold ${found}.`);
    text = text.replace(found, replacement);
  }
  const path = join(t.testdir(), 'connector.yml');
  await writeFile(path, text);
  const lineOf = (part: string) => text.slice(0, text.indexOf(part)).split('\n').length;
  return { path, lineOf };
}

async function faultsOf(path: string): Promise<readonly Fault[]> {
  const env = environmentFor(NOWHERE, { url: NOWHERE.url, credentials: CREDENTIALS });
  try {
    await loadConfiguration({ ...env, CONNECTOR_CONFIG: path });
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
}

t.test('a fault in the mapping stops the start with its file and line', async (t) => {
  const cases = [
    {
      line: 'title: title',
      bad: 'title: $now()',
      expected: /props\.mapping\.title: a pure JSONata expression/,
    },
    { line: 'title: title', bad: 'title: "[1] ~> $shuffle"', expected: /without \$shuffle/ },
    { line: 'lastName: lastName', bad: 'lastName: "lastName &"', expected: /mapping\.lastName: a JSONata/ },
    { line: 'vatId: vatId', bad: 'vatId: $random()', expected: /attributes\.vatId: a pure JSONata/ },
    {
      line: 'lastName: lastName',
      bad: 'lastName: \'$replace(lastName, /a(?=b)/, "")\'',
      expected: /mapping\.lastName: a regular expression that .*without look-around/,
    },
    {
      line: 'vatId: vatId',
      bad: "vatId: '($f := function($n){ 1 + $f($n) }; $f(0))'",
      expected: /mapping\.attributes\.vatId: an expression that ends within its limits/,
    },
    {
      line: 'customerNumber: customerNumber',
      bad: "customerNumber: '[1..9000].[1..9000]'",
      expected: /mapping\.attributes\.customerNumber: an expression that ends within its limits/,
    },
    { line: 'firstName: firstName', bad: 'fristName: firstName', expected: /fristName/ },
    { line: 'onDelete: ignore', bad: 'onDelete: forget', expected: /onDelete/ },
    { line: 'primaryEmail: email', bad: '# none', expected: /primaryEmail/ },
  ];
  for (const { line, bad, expected } of cases) {
    const { path, lineOf } = await fileWith(t, { [line]: bad });
    const [fault, ...more] = await faultsOf(path);
    t.strictSame(more, [], bad);
    t.match(fault?.expected, expected, bad);
    const [, found] = /connector\.yml:(\d+):\d+$/.exec(fault?.where ?? '') ?? [];
    const wanted = bad.startsWith('#') || bad.startsWith('frist') ? /^\d+$/ : String(lineOf(bad));
    t.match(found, wanted, `${bad}: at ${fault?.where}`);
  }
});

t.test('every fault in the mapping is told at once', async (t) => {
  const { path } = await fileWith(t, { 'title: title': 'title: $millis()', 'vatId: vatId': 'vatId: "("' });
  t.equal((await faultsOf(path)).length, 2);
});

t.test('anonymise with a username that a deletion does not carry stops the start', async (t) => {
  for (const username of [
    'email',
    'addresses[0].country & id',
    '"x-" & lastName',
    'customerNumber ?: email ?: id',
  ]) {
    const { path } = await fileWith(t, {
      'onDelete: ignore': 'onDelete: anonymise',
      'username: id': `username: '${username}'`,
    });
    t.match(
      await faultsOf(path),
      [{ where: /connector\.yml:\d+/, expected: /mapping\.username.*onDelete: anonymise/ }],
      username,
    );
  }
  for (const username of ['id', '"x-" & id', 'key', 'externalId', '"n" & customerNumber']) {
    const { path } = await fileWith(t, {
      'onDelete: ignore': 'onDelete: anonymise',
      'username: id': `username: '${username}'`,
    });
    t.strictSame(await faultsOf(path), [], username);
  }
});

t.test('a customer goes through the whole service, deletion included', async (t) => {
  const payloads: unknown[] = [];
  const commercetools = await startCommercetools({ onNotification: (payload) => payloads.push(payload) });
  t.teardown(() => commercetools.close());
  const fluent = await startFluent();
  t.teardown(() => fluent.close());
  const { path } = await fileWith(t, {
    'onDelete: ignore': 'onDelete: anonymise',
    '- "ResourceCreated"': '- "ResourceCreated"\n        - "ResourceDeleted"',
  });
  const service = await startService({ ...environmentFor(commercetools, fluent), CONNECTOR_CONFIG: path });
  t.teardown(() => service.close());

  const { id } = await commercetools.createCustomer({ email: 'amba@example.com', firstName: 'Amba' });
  await commercetools.updateCustomer(id, { firstName: 'Corva' });
  for (const payload of payloads.splice(0)) t.equal((await sendPush(service.push, payload)).status, 204);
  t.match(fluent.customers.get(id), { firstName: 'Corva', primaryEmail: 'amba@example.com' });
  await commercetools.deleteCustomer(id);
  for (const payload of payloads.splice(0)) t.equal((await sendPush(service.push, payload)).status, 204);
  t.match(fluent.customers.get(id), { firstName: '', primaryEmail: /@anonymised\.invalid$/ });
  t.notMatch(JSON.stringify(service.lines), /Amba|Corva|example\.com/i);
});
