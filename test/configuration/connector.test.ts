import t from 'tap';
import { loadConnector } from '../../src/configuration/connector.ts';

const environment = {
  CTP_PROJECT_KEY: 'my-project',
  CTP_CLIENT_ID: 'ctp-client',
  CTP_CLIENT_SECRET: 'ctp-secret',
  CTP_AUTH_URL: 'https://auth.example.com',
  CTP_API_URL: 'https://api.example.com/',
  FLUENT_API_URL: 'https://fluent.example.com//',
  FLUENT_CLIENT_ID: 'fluent-client',
  FLUENT_CLIENT_SECRET: 'fluent-secret',
  FLUENT_USERNAME: 'fluent-user',
  FLUENT_PASSWORD: 'fluent-password',
  FLUENT_RETAILER_ID: '1',
};
const account = {
  commercetools: {
    projectKey: 'my-project',
    clientId: 'ctp-client',
    clientSecret: 'ctp-secret',
    authUrl: 'https://auth.example.com',
    apiUrl: 'https://api.example.com',
  },
  fluent: {
    apiUrl: 'https://fluent.example.com',
    clientId: 'fluent-client',
    clientSecret: 'fluent-secret',
    username: 'fluent-user',
    password: 'fluent-password',
    retailerId: '1',
  },
};

const ACCOUNTS = `accounts:
  - commercetools:
      projectKey: \${CTP_PROJECT_KEY}
      clientId: \${CTP_CLIENT_ID}
      clientSecret: \${CTP_CLIENT_SECRET}
      authUrl: \${CTP_AUTH_URL}
      apiUrl: \${CTP_API_URL}
      scopes: \${CTP_SCOPES:-}
    fluent:
      apiUrl: \${FLUENT_API_URL}
      account: \${FLUENT_ACCOUNT:-}
      clientId: \${FLUENT_CLIENT_ID}
      clientSecret: \${FLUENT_CLIENT_SECRET}
      username: \${FLUENT_USERNAME}
      password: \${FLUENT_PASSWORD}
      retailerId: \${FLUENT_RETAILER_ID}
`;
const ROUTES = `routes:
    - route: "commercetools.connect.customer.upsert"
      props:
        name: "customer"
        inclusion-filter:
          - "ResourceUpdated"
          - "ResourceCreated"
`;

const load = (text: string, env: Record<string, string> = environment) =>
  loadConnector('connector.yml', env, async () => text);

async function connectorOf(text: string, env?: Record<string, string>) {
  const result = await load(text, env);
  if ('faults' in result) throw new Error(`Expected no faults, found ${JSON.stringify(result.faults)}.`);
  return result.connector;
}

async function faultsOf(text: string, env?: Record<string, string>) {
  const result = await load(text, env);
  return 'faults' in result
    ? result.faults.map(({ where, expected, found }) => [where.replace('connector.yml', ''), expected, found])
    : [];
}

t.test('loads the shipped file with the documented variables', async (t) => {
  const result = await loadConnector('config/connector.yml', environment);
  if ('faults' in result) return t.fail(JSON.stringify(result.faults));
  t.strictSame(result.connector.accounts, [account]);
  const [route] = result.connector.routes;
  t.match(route, {
    name: 'commercetools.connect.customer.upsert',
    handlerName: 'customer-upsert',
    resourceType: 'customer',
    filter: ['ResourceUpdated', 'ResourceCreated'],
    props: { onDelete: 'ignore', mapping: { username: 'id', attributes: { locale: 'locale' } } },
  });
  t.strictSame(Object.keys(route?.props ?? {}), ['onDelete', 'mapping']);
});

t.test('accepts the optional variables of the shipped file', async (t) => {
  const env = {
    ...environment,
    CTP_SCOPES: 'view_customers:p manage_subscriptions:p',
    FLUENT_ACCOUNT: 'FCTDEV',
  };
  const result = await loadConnector('config/connector.yml', env);
  if ('faults' in result) return t.fail(JSON.stringify(result.faults));
  t.strictSame(result.connector.accounts[0]?.commercetools.scopes, [
    'view_customers:p',
    'manage_subscriptions:p',
  ]);
  t.equal(result.connector.accounts[0]?.fluent.account, 'FCTDEV');
});

for (const name of Object.keys(environment)) {
  t.test(`reports ${name} with its line when it is missing from the shipped file`, async (t) => {
    const result = await loadConnector('config/connector.yml', { ...environment, [name]: '' });
    t.match(result, {
      faults: [
        {
          where: /^config\/connector\.yml:\d+:\d+$/,
          expected: `the environment variable ${name}`,
          found: 'nothing',
        },
      ],
    });
    t.equal('faults' in result && result.faults.length, 1);
  });
}

t.test("loads the notation of Fluent's own connector", async (t) => {
  const { accounts, routes } = await connectorOf(ACCOUNTS + ROUTES);
  t.strictSame(accounts, [account]);
  const { locate: _, isFromEnvironment: __, ...route } = routes[0] ?? {};
  t.strictSame(route, {
    name: 'commercetools.connect.customer.upsert',
    handlerName: 'customer-upsert',
    resourceType: 'customer',
    filter: ['ResourceUpdated', 'ResourceCreated'],
    props: {},
  });
  const flow = `routes:
    - route: "commercetools.connect.customer.upsert"
      props:
        name: "customer"
        inclusion-filter: ["ResourceUpdated", "ResourceCreated"]
`;
  t.strictSame((await connectorOf(ACCOUNTS + flow)).routes[0]?.filter, [
    'ResourceUpdated',
    'ResourceCreated',
  ]);
});

const handlers = [
  { name: 'the last two segments', input: 'route: a.b.customer.upsert', expected: 'customer-upsert' },
  { name: 'the only segment', input: 'route: customer', expected: 'customer' },
  {
    name: 'the `handler` of the route',
    input: 'route: a.b.customer.upsert, handler: mine',
    expected: 'mine',
  },
];
for (const { name, input, expected } of handlers) {
  t.test(`names the handler by ${name}`, async (t) => {
    const { routes } = await connectorOf(`${ACCOUNTS}routes: [{${input}, props: {name: customer}}]`);
    t.equal(routes[0]?.handlerName, expected);
  });
}

const SCALARS = [
  {
    name: 'puts a variable into a text',
    input: `a \${X} b \${Y}`,
    env: { X: '1', Y: '2' },
    expected: 'a 1 b 2',
  },
  { name: 'uses the default without a variable', input: `\${X:-d e}`, env: {}, expected: 'd e' },
  { name: 'uses the default for an empty variable', input: `\${X:-d}`, env: { X: '' }, expected: 'd' },
  { name: 'prefers the variable to the default', input: `\${X:-d}`, env: { X: 'x' }, expected: 'x' },
  { name: 'uses an empty default', input: `\${X:-}`, env: {}, expected: '' },
  { name: 'drops a line break at the end', input: `\${X}`, env: { X: 'x\r\n' }, expected: 'x' },
  {
    name: 'does not parse a value as YAML',
    input: `\${X}`,
    env: { X: 'a: b # c\nd: [' },
    expected: 'a: b # c\nd: [',
  },
  {
    name: 'does not replace placeholders in a value',
    input: `\${X}`,
    env: { X: `\${Y}`, Y: 'y' },
    expected: `\${Y}`,
  },
  {
    name: 'does not interpret a replacement pattern in a value',
    input: `\${X}`,
    env: { X: 'a$&b' },
    expected: 'a$&b',
  },
  {
    name: "does not replace JSONata's dollars",
    input: `$address.phone & $$.x & \${lower}`,
    env: { lower: 'no' },
    expected: `$address.phone & $$.x & \${lower}`,
  },
];
for (const { name, input, env, expected } of SCALARS) {
  t.test(name, async (t) => {
    const { routes } = await connectorOf(`${ACCOUNTS}${ROUTES}        value: ${input}\n`, {
      ...environment,
      ...env,
    });
    t.equal(routes[0]?.props['value'], expected);
  });
}

t.test('keeps digits in an account as text, and numbers in props as numbers', async (t) => {
  const accounts = ACCOUNTS.replace(`\${FLUENT_RETAILER_ID}`, '7').replace(`\${FLUENT_PASSWORD}`, '007');
  const { routes, accounts: loaded } = await connectorOf(`${accounts}${ROUTES}        batch: 7\n`);
  t.match(loaded[0]?.fluent, { retailerId: '7', password: '007' });
  t.equal(routes[0]?.props['batch'], 7);
});

t.test('keeps the order of several accounts and routes', async (t) => {
  const second = ACCOUNTS.replace('accounts:\n', '').replace(`\${CTP_PROJECT_KEY}`, 'other');
  const { accounts, routes } = await connectorOf(
    `${ACCOUNTS}${second}${ROUTES}    - {route: order.upsert, props: {name: order}}\n`,
  );
  t.strictSame(
    accounts.map(({ commercetools }) => commercetools.projectKey),
    ['my-project', 'other'],
  );
  t.strictSame(
    routes.map(({ name, filter }) => [name, filter?.length]),
    [
      ['commercetools.connect.customer.upsert', 2],
      ['order.upsert', undefined],
    ],
  );
});

t.test('locates a value in the props, or the nearest value around it', async (t) => {
  const { routes } = await connectorOf(`${ACCOUNTS}${ROUTES}        mapping:
          country: $address.country
          list:
            - a
            - b: c
`);
  const cases = [
    { input: ['mapping', 'country'], expected: '25:20' },
    { input: ['mapping'], expected: '24:9' },
    { input: ['mapping', 'missing', 'deeper'], expected: '24:9' },
    { input: ['mapping', 'list', 0], expected: '27:15' },
    { input: ['mapping', 'list', 1, 'b'], expected: '28:18' },
    { input: [], expected: '19:7' },
  ];
  for (const { input, expected } of cases)
    t.equal(routes[0]?.locate(input), `connector.yml:${expected}`, input.join('.'));
});

const URL_EXPECTED = 'an http:// or https:// URL';
const ROUTE_KEYS = 'one of route, handler, props';
const faulty = [
  {
    name: 'requires accounts and routes',
    input: '',
    expected: [[':1:1', 'a mapping of accounts and routes', 'nothing']],
  },
  {
    name: 'requires at least one of each',
    input: 'accounts: []\nroutes: []\n',
    expected: [
      [':1:1', 'at least one account', 'a list'],
      [':2:1', 'at least one route', 'a list'],
    ],
  },
  {
    name: 'requires lists',
    input: 'accounts: {a: b}\nroutes: none\n',
    expected: [
      [':1:1', 'a list of accounts', 'a mapping'],
      [':2:9', 'a list of routes', '"none"'],
    ],
  },
  {
    name: 'refuses a duplicate project key and a duplicate route name',
    input: `${ACCOUNTS}${ACCOUNTS.replace('accounts:\n', '')}${ROUTES}${ROUTES.replace('routes:\n', '')}`,
    expected: [
      [':18:19', 'each project key once', 'my-project again, first at connector.yml:3:19'],
      [
        ':39:14',
        'each route name once',
        'commercetools.connect.customer.upsert again, first at connector.yml:33:14',
      ],
    ],
  },
  {
    name: 'refuses a handler name that is a path out of the folder',
    input: `${ACCOUNTS}routes:\n  - route: a\n    handler: ../../etc\n    props: {name: customer}\n`,
    expected: [
      [':19:14', 'the name of a file or folder in handlers/, such as customer-upsert', '"../../etc"'],
    ],
  },
  {
    name: 'reports the length of a secret, not its value',
    input: `${ACCOUNTS.replace('password: ', "password: '   ' # ")}${ROUTES}`,
    expected: [[':15:17', "a Fluent user's password", 'a value of 3 characters']],
  },
  {
    name: 'does not print a secret in the place of a mapping',
    input: `accounts:\n  - commercetools: very-secret\n    fluent: very-secret\n  - very-secret\n${ROUTES}`,
    expected: [
      [
        ':2:20',
        "a mapping with the commercetools project's key, URLs and credentials",
        'a value of 11 characters',
      ],
      [
        ':3:13',
        "a mapping with the Fluent account's URL, credentials and retailer",
        'a value of 11 characters',
      ],
      [':4:5', 'an account: a mapping of commercetools and fluent', 'a value of 11 characters'],
    ],
  },
  {
    name: 'reports many faults together, each with its line and none with a secret',
    input: `accounts:
  - commercetools:
      projectKey: my project
      clientSecrt: very-secret
      clientSecret:
      clientId: [very-secret]
      authUrl: auth.example.com
      apiUrl: https://user:very-secret@
    fluent:
      apiUrl: \${NOT_SET}
      clientId: \${NOT_SET_EITHER}
      clientSecret: a
      username: b
      password: {very: very-secret}
      retailerId: 1
region: eu
routes:
  - route: commercetools.connect.customer.upsert
    hndler: mine
    props:
      name: customer
      inclusion-filter: ResourceCreated
  - route: commercetools.connect.customer.upsert
    props:
      inclusion-filter: []
  - route: 5
`,
    expected: [
      [':3:19', "a commercetools project's key (letters, digits, - and _)", '"my project"'],
      [':4:7', 'one of projectKey, clientId, clientSecret, authUrl, apiUrl, scopes', 'clientSecrt'],
      [':5:20', "an API client's secret", 'nothing'],
      [':6:7', "an API client's id", 'a list'],
      [':7:16', URL_EXPECTED, '"auth.example.com"'],
      [':8:15', URL_EXPECTED, 'a value of 25 characters'],
      [':10:15', 'the environment variable NOT_SET', 'nothing'],
      [':11:17', 'the environment variable NOT_SET_EITHER', 'nothing'],
      [':14:7', "a Fluent user's password", 'a mapping'],
      [':16:1', 'one of accounts, routes', 'region'],
      [':19:5', ROUTE_KEYS, 'hndler'],
      [':22:25', 'a list of notification types and Message types', '"ResourceCreated"'],
      [
        ':23:12',
        'each route name once',
        'commercetools.connect.customer.upsert again, first at connector.yml:18:12',
      ],
      [':24:5', 'a commercetools resource type, such as customer', 'nothing'],
      [':25:7', 'at least one type, or no inclusion-filter at all', 'a list'],
      [':26:5', "a mapping with the name of a resource type, a filter and the handler's props", 'nothing'],
      [':26:12', 'a route name, such as commercetools.connect.customer.upsert', '5'],
    ],
  },
];
for (const { name, input, expected } of faulty) {
  t.test(name, async (t) => {
    t.strictSame(await faultsOf(input), expected);
    t.notMatch(JSON.stringify(await load(input)), 'very-secret');
  });
}

t.test('suggests the known key that is similar to a mistyped one', async (t) => {
  const result = await load(`${ACCOUNTS.replace('clientSecret', 'clientsecrets')}${ROUTES}`);
  t.match('faults' in result && result.faults.find(({ found }) => found === 'clientsecrets'), {
    where: 'connector.yml:5:7',
    advice: 'Did you mean clientSecret?',
  });
});

const broken = [
  { name: 'a password that is parsed as an alias', input: 'password: *very-secret\n', expected: ':1:1' },
  { name: 'a password that is parsed as a tag', input: 'password: !very-secret\n', expected: ':1:11' },
  { name: 'an unclosed quote', input: 'a: b\npassword: "very-secret\n', expected: ':3:1' },
  { name: 'a tab', input: 'a:\n\tpassword: very-secret\n', expected: ':2:1' },
  { name: 'a colon in a text', input: 'a: b\npassword: very-secret: x\n', expected: ':2:11' },
  { name: 'a duplicate key', input: 'a: b\na: very-secret\n', expected: ':2:1' },
];
for (const { name, input, expected } of broken) {
  t.test(`reports the line of ${name}, without the text`, async (t) => {
    const faults = await faultsOf(input);
    t.equal(faults[0]?.[0], expected);
    t.notMatch(JSON.stringify(faults), 'very-secret');
  });
}

t.test('reports a missing file', async (t) => {
  t.match(await loadConnector('nowhere/connector.yml', environment), {
    faults: [
      {
        where: 'nowhere/connector.yml',
        expected: 'a file that can be read',
        found: 'no such file',
        advice: /CONNECTOR_CONFIG/,
      },
    ],
  });
});

t.test('reports a path that is a folder', async (t) => {
  t.match(await loadConnector('config', environment), { faults: [{ where: 'config', found: 'EISDIR' }] });
});

t.test('a Message type that is similar to a known one is a warning, an unknown one is not', async (t) => {
  const filtered = (type: string) => load((ACCOUNTS + ROUTES).replace('"ResourceCreated"', `"${type}"`));
  t.match(await filtered('CustomerCreatd'), {
    warnings: [
      {
        where: /^connector\.yml:\d+:\d+$/,
        expected: 'a notification type or a Message type of commercetools',
        found: '"CustomerCreatd"',
        advice: 'Did you mean CustomerCreated?',
      },
    ],
  });
  for (const type of [
    'CustomerDeleted',
    'ResourceDeleted',
    'Message',
    'OrderCreated',
    'SomethingNewHappened',
  ])
    t.match(await filtered(type), { warnings: [] }, type);
  t.match(await filtered('resourcecreated'), { faults: [{ advice: 'Did you mean ResourceCreated?' }] });
});

t.test('a resource type that is similar to none is a warning with the known types', async (t) => {
  const text = (ACCOUNTS + ROUTES).replace('"customer"', '"shopper"');
  t.match(await load(text), {
    warnings: [{ found: '"shopper"', advice: /^It has .*customer, .*order, / }],
  });
});
