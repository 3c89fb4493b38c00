import t from 'tap';
import { formatFaults, readEnvironment, variableTable } from '../../src/configuration/environment.ts';

const defaults = {
  port: 8080,
  host: '0.0.0.0',
  logLevel: 'info',
  connectorConfig: 'config/connector.yml',
  handlerFolders: [],
  pushAuth: { kind: 'none' },
  queue: { limit: 1000, bytes: 32_000_000 },
  ackDeadlineSeconds: 10,
  acknowledge: 'handled',
  commercetoolsConcurrency: 10,
  fluentConcurrency: 10,
  fluentBatch: 10,
  metrics: { on: true },
  errorMessages: true,
  dashboard: { on: true },
  duplicateMemorySeconds: 10,
};
const none = { PUSH_AUTH: 'none' };
const oidc = {
  PUSH_AUTH: 'oidc',
  PUSH_AUDIENCE: 'https://me',
  PUSH_SERVICE_ACCOUNT: 'a@b.iam.gserviceaccount.com',
};
const key = {
  kind: 'oidc',
  audience: 'https://me',
  serviceAccount: 'a@b.iam.gserviceaccount.com',
  certsUrl: 'https://www.googleapis.com/oauth2/v1/certs',
  signature: 'service',
};

const TOPIC = 'arn:aws:sns:us-east-1:123456789012:customers';
const ARNS =
  'the ARNs of SNS topics, separated by commas, such as arn:aws:sns:us-east-1:123456789012:customers';

const readable = [
  { name: 'sets the defaults', input: none, expected: defaults },
  {
    name: 'treats empty variables as not set',
    input: { ...none, PORT: '', HOST: '  ', DEAD_LETTER_TOPIC: '' },
    expected: defaults,
  },
  {
    name: 'ignores unknown variables',
    input: { ...none, PATH: '/bin', FLUENT_PASSWORD: 'x' },
    expected: defaults,
  },
  {
    name: "defaults to Google's certificates",
    input: oidc,
    expected: { ...defaults, pushAuth: key },
  },
  {
    name: 'accepts another URL for the certificates',
    input: { ...oidc, PUSH_CERTS_URL: 'http://127.0.0.1:9/certs' },
    expected: { ...defaults, pushAuth: { ...key, certsUrl: 'http://127.0.0.1:9/certs' } },
  },
  {
    name: 'accepts that Cloud Run verifies the signature of tokens',
    input: { ...oidc, PUSH_SIGNATURE: 'cloud-run' },
    expected: { ...defaults, pushAuth: { ...key, signature: 'cloud-run' } },
  },
  {
    name: 'accepts several tokens, without spaces and line breaks',
    input: { PUSH_AUTH: 'token', PUSH_TOKEN: ' 0123456789abcdef , fedcba9876543210,\n' },
    expected: { ...defaults, pushAuth: { kind: 'token', tokens: ['0123456789abcdef', 'fedcba9876543210'] } },
  },
  {
    name: 'accepts topics of SNS, without spaces and line breaks',
    input: { PUSH_AUTH: 'sns', SNS_TOPIC_ARNS: ` ${TOPIC} ,arn:aws-cn:sns:cn-north-1:123456789012:c.fifo\n` },
    expected: {
      ...defaults,
      pushAuth: { kind: 'sns' },
      sns: { topicArns: [TOPIC, 'arn:aws-cn:sns:cn-north-1:123456789012:c.fifo'] },
    },
  },
  {
    name: 'accepts topics to confirm with tokens, and an origin for them',
    input: {
      PUSH_AUTH: 'token',
      PUSH_TOKEN: '0123456789abcdef',
      SNS_TOPIC_ARNS: TOPIC,
      SNS_ORIGIN: 'https://vpce-1.example.com/',
    },
    expected: {
      ...defaults,
      pushAuth: { kind: 'token', tokens: ['0123456789abcdef'] },
      sns: { topicArns: [TOPIC], origin: 'https://vpce-1.example.com' },
    },
  },
  {
    name: 'ignores the variables of other ways of authentication',
    input: { ...none, PUSH_TOKEN: 'short', PUSH_CERTS_URL: 'nowhere' },
    expected: defaults,
  },
  {
    name: 'accepts every other variable',
    input: {
      ...none,
      PORT: '0',
      HOST: '127.0.0.1',
      LOG_LEVEL: 'silent',
      CONNECTOR_CONFIG: '/etc/connector.yml',
      HANDLERS_DIR: '/srv/handlers, more/,',
      QUEUE_LIMIT: '5',
      QUEUE_BYTES: '15728640',
      ACK_DEADLINE_SECONDS: '600',
      ACKNOWLEDGE: 'received',
      DEAD_LETTER_TOPIC: 'projects/my-project/topics/dead-letters',
      GOOGLE_CLOUD_PROJECT: 'my-project',
      PUBSUB_EMULATOR_HOST: '127.0.0.1:8085',
      COMMERCETOOLS_CONCURRENCY: '1',
      FLUENT_CONCURRENCY: '2',
      FLUENT_BATCH: '100',
      DASHBOARD: 'on',
      DASHBOARD_TOKEN: '0123456789abcdef',
      NODE_ENV: 'production',
      DUPLICATE_MEMORY_SECONDS: '0',
      METRICS_TOKEN: '0123456789abcdef',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/',
    },
    expected: {
      port: 0,
      host: '127.0.0.1',
      logLevel: 'silent',
      connectorConfig: '/etc/connector.yml',
      handlerFolders: ['/srv/handlers', 'more/'],
      pushAuth: { kind: 'none' },
      queue: { limit: 5, bytes: 15_728_640 },
      ackDeadlineSeconds: 600,
      acknowledge: 'received',
      deadLetterTopic: 'projects/my-project/topics/dead-letters',
      googleCloudProject: 'my-project',
      pubsubEmulatorHost: '127.0.0.1:8085',
      commercetoolsConcurrency: 1,
      fluentConcurrency: 2,
      fluentBatch: 100,
      dashboard: { on: true, token: '0123456789abcdef' },
      errorMessages: false,
      metrics: { on: true, token: '0123456789abcdef' },
      traceEndpoint: 'http://collector:4318',
      duplicateMemorySeconds: 0,
    },
  },
  {
    name: 'disables the metrics, and keeps their token for the description of the connector',
    input: { ...none, METRICS: 'off', METRICS_TOKEN: '0123456789abcdef' },
    expected: { ...defaults, metrics: { on: false, token: '0123456789abcdef' } },
  },
  {
    name: 'disables the page and the messages of errors in production',
    input: { ...none, NODE_ENV: 'production' },
    expected: { ...defaults, dashboard: { on: false }, errorMessages: false },
  },
  {
    name: 'disables the page, and drops its token',
    input: { ...none, DASHBOARD: 'off', DASHBOARD_TOKEN: '0123456789abcdef' },
    expected: { ...defaults, dashboard: { on: false } },
  },
  {
    name: 'requires no token for a page that only this machine can reach',
    input: { ...none, DASHBOARD: 'on', HOST: 'localhost' },
    expected: { ...defaults, host: 'localhost' },
  },
];

for (const { name, input, expected } of readable) {
  t.test(name, async (t) => {
    t.strictSame(readEnvironment(input), { environment: expected });
  });
}

const TOKENS = 'tokens separated by commas, each of at least 16 characters';
const whole = (from: number, to: number) => `a whole number from ${from} to ${to}`;
const faulty = [
  {
    name: 'requires PUSH_AUTH',
    input: {},
    expected: [['PUSH_AUTH', 'oidc, token, sns or none', 'nothing']],
  },
  {
    name: 'refuses an unknown PUSH_AUTH',
    input: { PUSH_AUTH: 'basic' },
    expected: [['PUSH_AUTH', 'oidc, token, sns or none', '"basic"']],
  },
  {
    name: 'requires audience and service account with oidc',
    input: { PUSH_AUTH: 'oidc' },
    expected: [
      ['PUSH_AUDIENCE', 'the audience of the push subscription', 'nothing'],
      ['PUSH_SERVICE_ACCOUNT', "the e-mail address of the push subscription's service account", 'nothing'],
    ],
  },
  {
    name: 'requires a URL for the certificates',
    input: { ...oidc, PUSH_CERTS_URL: 'ftp://certs' },
    expected: [['PUSH_CERTS_URL', 'an http:// or https:// URL', '"ftp://certs"']],
  },
  {
    name: 'requires a token with token',
    input: { PUSH_AUTH: 'token' },
    expected: [['PUSH_TOKEN', TOKENS, 'nothing']],
  },
  {
    name: 'reports the length of a short token, not its value',
    input: { PUSH_AUTH: 'token', PUSH_TOKEN: '0123456789abcdef,hello' },
    expected: [['PUSH_TOKEN', TOKENS, 'a value of 5 characters']],
  },
  {
    name: 'reports the length of a short metrics token, not its value',
    input: { ...none, METRICS_TOKEN: 'hello' },
    expected: [['METRICS_TOKEN', 'at least 16 characters', 'a value of 5 characters']],
  },
  {
    name: 'requires a URL for the collector of traces',
    input: { ...none, OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
    expected: [['OTEL_EXPORTER_OTLP_ENDPOINT', 'an http:// or https:// URL', '"collector:4318"']],
  },
  {
    name: 'refuses a list without tokens',
    input: { PUSH_AUTH: 'token', PUSH_TOKEN: ', ,' },
    expected: [['PUSH_TOKEN', TOKENS, 'a value of 3 characters']],
  },
  {
    name: 'requires topics with sns',
    input: { PUSH_AUTH: 'sns' },
    expected: [['SNS_TOPIC_ARNS', ARNS, 'nothing']],
  },
  {
    name: 'refuses an invalid topic of SNS, and an origin with a path',
    input: { PUSH_AUTH: 'sns', SNS_TOPIC_ARNS: `${TOPIC},customers`, SNS_ORIGIN: 'https://example.com/sns' },
    expected: [
      ['SNS_TOPIC_ARNS', ARNS, '"customers"'],
      [
        'SNS_ORIGIN',
        'an origin without a path, such as https://vpce-1.sns.us-east-1.vpce.amazonaws.com',
        '"https://example.com/sns"',
      ],
    ],
  },
  {
    name: 'refuses invalid numbers and numbers out of range',
    input: {
      ...none,
      PORT: '0x50',
      ACK_DEADLINE_SECONDS: '0',
      FLUENT_BATCH: '101',
      FLUENT_CONCURRENCY: '1.5',
    },
    expected: [
      ['PORT', whole(0, 65535), '"0x50"'],
      ['ACK_DEADLINE_SECONDS', whole(1, 600), '"0"'],
      ['FLUENT_CONCURRENCY', whole(1, 1000), '"1.5"'],
      ['FLUENT_BATCH', whole(1, 100), '"101"'],
    ],
  },
  {
    name: 'requires a dead-letter topic when pushes are acknowledged on receipt',
    input: { ...none, ACKNOWLEDGE: 'received' },
    expected: [
      [
        'DEAD_LETTER_TOPIC',
        'a topic, because ACKNOWLEDGE is received and failed events must be dead-lettered',
        'nothing',
      ],
    ],
  },
  {
    name: 'requires a token for a page that other machines can reach',
    input: { ...none, DASHBOARD: 'on' },
    expected: [
      [
        'DASHBOARD_TOKEN',
        'a token, because DASHBOARD is on and HOST can be reached from other machines',
        'nothing',
      ],
    ],
  },
  {
    name: 'reports the length of a short token for the page, not its value',
    input: { ...none, DASHBOARD_TOKEN: 'hello' },
    expected: [['DASHBOARD_TOKEN', 'at least 16 characters', 'a value of 5 characters']],
  },
  {
    name: 'refuses a topic that Pub/Sub would refuse',
    input: { ...none, DEAD_LETTER_TOPIC: 'my-project/dead-letters' },
    expected: [
      [
        'DEAD_LETTER_TOPIC',
        'the name of a topic, such as dead-letters or projects/my-project/topics/dead-letters',
        '"my-project/dead-letters"',
      ],
    ],
  },
  {
    name: 'reports every fault together, including rules between variables',
    input: { LOG_LEVEL: 'loud', ACKNOWLEDGE: 'received', QUEUE_LIMIT: '0' },
    expected: [
      ['LOG_LEVEL', 'one of trace, debug, info, warn, error, fatal, silent', '"loud"'],
      ['QUEUE_LIMIT', whole(1, 1_000_000), '"0"'],
      [
        'DEAD_LETTER_TOPIC',
        'a topic, because ACKNOWLEDGE is received and failed events must be dead-lettered',
        'nothing',
      ],
      ['PUSH_AUTH', 'oidc, token, sns or none', 'nothing'],
    ],
  },
];

for (const { name, input, expected } of faulty) {
  t.test(name, async (t) => {
    const result = readEnvironment(input);
    const faults = 'faults' in result ? result.faults : [];
    t.strictSame(
      faults.map((fault) => [fault.where.replace('environment ', ''), fault.expected, fault.found]),
      expected,
    );
    t.ok(
      faults.every(({ where, advice }) => where.startsWith('environment ') && advice),
      'each says where and gives advice',
    );
  });
}

t.test('prints a block for each fault', async (t) => {
  t.equal(
    formatFaults([
      { where: 'environment PORT', expected: 'a number', found: '"x"', advice: 'Set it.' },
      { where: 'connector.yml:2:1', expected: 'a list', found: 'nothing' },
    ]),
    [
      'The configuration has 2 faults:',
      '',
      'environment PORT',
      '  expected  a number',
      '  found     "x"',
      '  advice    Set it.',
      '',
      'connector.yml:2:1',
      '  expected  a list',
      '  found     nothing',
    ].join('\n'),
  );
});

t.test('documents every variable once, with its default', async (t) => {
  const rows = variableTable().split('\n');
  const names = rows.slice(2).map((row) => /^\| `([A-Z_]+)` \|/.exec(row)?.[1]);
  t.equal(new Set(names).size, names.length);
  t.has(names, [
    'PUSH_AUTH',
    'PUSH_TOKEN',
    'PUSH_AUDIENCE',
    'PUSH_SERVICE_ACCOUNT',
    'PUSH_CERTS_URL',
    'PUSH_SIGNATURE',
    'SNS_TOPIC_ARNS',
    'SNS_ORIGIN',
    'PORT',
    'HOST',
    'LOG_LEVEL',
    'CONNECTOR_CONFIG',
    'HANDLERS_DIR',
    'QUEUE_LIMIT',
    'QUEUE_BYTES',
    'ACK_DEADLINE_SECONDS',
    'ACKNOWLEDGE',
    'DEAD_LETTER_TOPIC',
  ]);
  t.match(variableTable(), /^\| `PUSH_AUTH` \| required \| How pushes are authenticated/m);
  t.match(variableTable(), /^\| `PORT` \| `8080` \| The port to listen on\. \|$/m);
  t.match(variableTable(), /^\| `DEAD_LETTER_TOPIC` \| none \|/m);
  t.ok(
    rows.every((row) => /^\|.+\|.+\|.+\|$/.test(row)),
    'every row has three cells with something in them',
  );
});
