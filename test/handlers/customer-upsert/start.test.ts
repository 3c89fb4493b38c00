import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { formatFaults } from '../../../src/configuration/faults.ts';
import { loadConfiguration } from '../../../src/configuration/load.ts';
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

/** Writes the shipped file with some lines replaced to a temporary path. */
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
      expected: /mapping\.lastName: a regular expression of linear time, without look-around/,
    },
    {
      line: 'vatId: vatId',
      bad: "vatId: '($f := function($n){ 1 + $f($n) }; $f(0))'",
      expected: /mapping\.attributes\.vatId: an expression that stays within its limits/,
    },
    {
      line: 'customerNumber: customerNumber',
      bad: "customerNumber: '[1..9000].[1..9000]'",
      expected: /mapping\.attributes\.customerNumber: an expression that stays within its limits/,
    },
    { line: 'firstName: firstName', bad: 'fristName: firstName', expected: /mapping: one of .*firstName/ },
    { line: 'onDelete: ignore', bad: 'onDelete: forget', expected: /onDelete/ },
    { line: 'primaryEmail: email', bad: '# none', expected: /primaryEmail/ },
  ];
  for (const { line, bad, expected } of cases) {
    const { path, lineOf } = await fileWith(t, { [line]: bad });
    const [fault, ...more] = await faultsOf(path);
    t.strictSame(more, [], bad);
    t.match(fault?.expected, expected, bad);
    const [, found] = /connector\.yml:(\d+):\d+$/.exec(fault?.where ?? '') ?? [];
    const wanted = bad.startsWith('#') ? /^\d+$/ : String(lineOf(bad));
    t.match(found, wanted, `${bad}: at ${fault?.where}`);
  }
});

t.test('reports every fault in the mapping together', async (t) => {
  const { path } = await fileWith(t, { 'title: title': 'title: $millis()', 'vatId: vatId': 'vatId: "("' });
  t.equal((await faultsOf(path)).length, 2);
});

t.test('an unknown name stops the start, and the error suggests a similar one', async (t) => {
  const cases = [
    {
      line: 'firstName: firstName',
      bad: 'firstName: fristName',
      column: 20,
      expected: 'props.mapping.firstName: a field of a commercetools customer',
      found: 'fristName',
      advice: 'Did you mean firstName?',
    },
    {
      line: 'country: $address.country',
      bad: 'country: $adress.country',
      column: 18,
      expected: 'props.mapping.country: a name that is defined above, or a function of JSONata',
      found: '$adress',
      advice: 'Did you mean $address?',
    },
    {
      line: 'country: $address.country',
      bad: 'country: $address.cuontry',
      column: 18,
      expected: 'props.mapping.country: a field of an address',
      found: 'cuontry',
      advice: 'Did you mean country?',
    },
    {
      line: 'vatId: vatId',
      bad: 'vatId: $upper(vatId)',
      column: 18,
      expected: 'props.mapping.attributes.vatId: a name that is defined above, or a function of JSONata',
      found: '$upper',
      advice: 'Did you mean $uppercase?',
    },
    {
      line: 'title: title',
      bad: 'titel: title',
      column: 16,
      expected:
        'props.mapping: one of define, username, title, firstName, lastName, primaryEmail, primaryPhone, country, timezone, department, promotionOptIn, attributes',
      found: 'titel',
      advice: 'Did you mean title?',
    },
    {
      line: 'onDelete: ignore',
      bad: 'onDelte: ignore',
      column: 16,
      expected: 'props: one of onDelete, mapping',
      found: 'onDelte',
      advice: 'Did you mean onDelete?',
    },
    {
      line: 'onDelete: ignore',
      bad: 'onDelete: anonymize',
      column: 17,
      expected: 'props.onDelete: ignore or anonymise',
      found: '"anonymize"',
    },
    {
      line: 'name: "customer"',
      bad: 'name: "custmer"',
      column: 13,
      expected: 'a resource type of commercetools, such as customer',
      found: '"custmer"',
      advice: 'Did you mean customer?',
    },
    {
      line: '- "ResourceUpdated"',
      bad: '- "ResourceUpdatd"',
      column: 11,
      expected: 'a notification type or a Message type of commercetools',
      found: '"ResourceUpdatd"',
      advice: 'Did you mean ResourceUpdated?',
    },
  ];
  for (const { line, bad, column, expected, found, advice } of cases) {
    const { path, lineOf } = await fileWith(t, { [line]: bad });
    const text = formatFaults(await faultsOf(path)).replace(`${dirname(path)}/`, '');
    const lines = [
      'The configuration has 1 fault:',
      '',
      `connector.yml:${lineOf(bad)}:${column}`,
      `  expected  ${expected}`,
      `  found     ${found}`,
      ...(advice === undefined ? [] : [`  advice    ${advice}`]),
    ];
    t.equal(text, lines.join('\n'), bad);
  }
});

t.test(
  'unknown names are reported together with faults of syntax, of the route and of the account',
  async (t) => {
    const { path } = await fileWith(t, {
      [`projectKey: \${CTP_PROJECT_KEY}`]: `projectKey: \${NOT_SET}`,
      'name: "customer"': 'name: "custmer"',
      'title: title': 'title: $millis()',
      'firstName: firstName': 'firstName: fristName',
      'vatId: vatId': 'vatId: "("',
      'locale: locale': 'locale: lcoale',
    });
    const found = (await faultsOf(path)).map((fault) => fault.found);
    t.same(new Set(found), new Set(['nothing', '"custmer"', '"("', '"$millis()"', 'fristName', 'lcoale']));
  },
);

t.test('a username that does not parse is one fault, also with anonymise', async (t) => {
  const { path, lineOf } = await fileWith(t, {
    'onDelete: ignore': 'onDelete: anonymise',
    'username: id ': 'username: "id(" ',
  });
  t.match(await faultsOf(path), [
    { where: `${path}:${lineOf('username: "id("')}:19`, expected: /mapping\.username: a JSONata expression/ },
  ]);
});

t.test(
  'anonymise with a username that needs more than a deletion event contains stops the start',
  async (t) => {
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
  },
);

t.test('handles a customer with the whole service, including its deletion', async (t) => {
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
