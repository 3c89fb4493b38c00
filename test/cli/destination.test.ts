import t from 'tap';
import { z } from 'zod';
import { startUpstreams } from '../sandbox/connected.ts';
import { TOPIC_ARN } from '../sandbox/sns.ts';
import { runCommand } from './command.ts';

const ACCESS_KEY = 'event-grid-access-key';
const TOKEN = { PUSH_AUTH: 'token', PUSH_TOKEN: 'push-token-0123456789' };
const SNS = { PUSH_AUTH: 'sns', SNS_TOPIC_ARNS: TOPIC_ARN };
const GRID = 'https://customers.westeurope-1.eventgrid.azure.net/api/events';
const Findings = z.object({
  findings: z.array(
    z.object({
      check: z.string(),
      state: z.string(),
      detail: z.string().optional(),
      advice: z.string().optional(),
    }),
  ),
});

/** The options of each destination, and the request to commercetools. None needs Google. */
const CASES = [
  {
    name: 'eventbridge',
    env: TOKEN,
    args: ['--destination=eventbridge', '--aws-account-id=123456789012', '--aws-region=us-east-1'],
    destination: { type: 'EventBridge', accountId: '123456789012', region: 'us-east-1' },
    format: { type: 'Platform' },
  },
  {
    name: 'sns, from PUSH_AUTH and SNS_TOPIC_ARNS',
    env: SNS,
    args: [],
    destination: { type: 'SNS', topicArn: TOPIC_ARN, authenticationMode: 'IAM' },
    format: { type: 'Platform' },
  },
  {
    name: 'sns, by its options',
    env: TOKEN,
    args: ['--destination=sns', `--topic-arn=${TOPIC_ARN}`],
    destination: { type: 'SNS', topicArn: TOPIC_ARN, authenticationMode: 'IAM' },
    format: { type: 'Platform' },
  },
  {
    name: 'event-grid',
    env: { ...TOKEN, EVENT_GRID_ACCESS_KEY: ACCESS_KEY },
    args: ['--destination=event-grid', `--event-grid-uri=${GRID}`],
    destination: { type: 'EventGrid', uri: GRID, accessKey: ACCESS_KEY },
    format: { type: 'CloudEvents', cloudEventsVersion: '1.0' },
  },
];

for (const { name, env: given, args, destination, format } of CASES)
  t.test(`provision and doctor: ${name}`, async (t) => {
    const { commercetools, env: joined } = await startUpstreams(t);
    const env = { ...joined, ...given };
    const [option = ''] = args;
    const select = option === '' ? [] : [option];

    const missing = await runCommand(['doctor', '--json', ...select], env);
    t.equal(missing.code, 1);
    const dry = await runCommand(['provision', '--dry-run', '--json', ...args], env);
    t.match(JSON.parse(dry.out), { dryRun: true, changes: 1 });
    t.same(commercetools.subscriptions(), []);
    const made = await runCommand(['provision', '--json', ...args], env);
    t.equal(made.code, 0, made.err);
    t.match(commercetools.subscriptions(), [
      { key: 'fluent-customer-sync', destination, format, changes: [{ resourceTypeId: 'customer' }] },
    ]);
    t.notMatch(made.out + made.err, ACCESS_KEY);
    const again = await runCommand(['provision', '--json', ...args], env);
    t.match(JSON.parse(again.out), { changes: 0 });

    const looked = await runCommand(['doctor', '--json', ...select], env);
    t.equal(looked.code, 0, looked.out);
    const { findings } = Findings.parse(JSON.parse(looked.out));
    t.match(
      findings.find(({ check }) => check.includes('subscription fluent-customer-sync')),
      { state: 'ok', detail: /healthy, publishes to (AWS|Azure) / },
    );
    t.match(
      findings.find(({ check }) => check.endsWith(': dead letters')),
      { state: 'warning', detail: /rejected notifications are kept in .*dropped/ },
    );
    t.notOk(findings.some(({ check }) => /Google|topic/.test(check)));

    const removed = await runCommand(['deprovision', '--yes', '--json', ...select], env);
    t.equal(removed.code, 0, removed.err);
    t.same(commercetools.subscriptions(), []);
  });

t.test('provision reports all missing options of a destination together', async (t) => {
  const { env } = await startUpstreams(t);
  const cases: { args: string[]; env: Record<string, string>; expected: RegExp[] }[] = [
    { args: ['--destination=eventbridge'], env: TOKEN, expected: [/--aws-account-id/, /--aws-region/] },
    {
      args: ['--destination=event-grid'],
      env: TOKEN,
      expected: [/--event-grid-uri/, /EVENT_GRID_ACCESS_KEY/],
    },
    { args: ['--destination=sns'], env: TOKEN, expected: [/--topic-arn/] },
    {
      args: ['--destination=sqs'],
      env: TOKEN,
      expected: [/--destination/, /one of pubsub, eventbridge, sns, event-grid/],
    },
    { args: ['--destination=eventbridge', '--aws-account-id=1'], env: TOKEN, expected: [/12 digits/] },
    {
      args: ['--destination=eventbridge'],
      env: SNS,
      expected: [/PUSH_AUTH/, /token or none for AWS EventBridge/, /sns/],
    },
    { args: ['--destination=pubsub'], env: SNS, expected: [/oidc or token or none for Google Pub\/Sub/] },
  ];
  for (const { args, env: changed, expected } of cases) {
    const { code, err } = await runCommand(['provision', ...args], { ...env, ...changed });
    t.equal(code, 2, err);
    for (const one of expected) t.match(err, one);
  }
});

t.test('changes a subscription to another destination, unless its format is another', async (t) => {
  const { commercetools, env: joined } = await startUpstreams(t);
  const env = { ...joined, ...TOKEN, EVENT_GRID_ACCESS_KEY: ACCESS_KEY };
  const [bridge, , queue, grid] = CASES;
  if (!bridge || !queue || !grid) throw new Error('Expected the cases.');
  t.equal((await runCommand(['provision', ...bridge.args], env)).code, 0);
  const wrong = await runCommand(['doctor', '--json', '--destination=sns'], env);
  const { findings } = Findings.parse(JSON.parse(wrong.out));
  t.match(
    findings.find(({ check }) => check.includes('subscription fluent-customer-sync')),
    { state: 'fault', detail: /of the type EventBridge/, advice: /--destination=sns/ },
  );
  t.equal((await runCommand(['provision', ...queue.args], env)).code, 0);
  t.match(commercetools.subscriptions(), [{ destination: { type: 'SNS' }, version: 2 }]);
  const refused = await runCommand(['provision', ...grid.args], env);
  t.equal(refused.code, 3);
  t.match(refused.err, /CloudEvents.*--key/);
});

t.test('doctor reports that PUSH_AUTH and the destination do not match', async (t) => {
  const { env } = await startUpstreams(t);
  const { code, out } = await runCommand(['doctor', '--json', '--destination=event-grid'], {
    ...env,
    ...SNS,
  });
  t.equal(code, 1);
  t.match(
    Findings.parse(JSON.parse(out)).findings.find(({ check }) => check.endsWith(': authentication')),
    { state: 'fault', detail: /PUSH_AUTH is sns/, advice: /token or none for Azure Event Grid/ },
  );
});
