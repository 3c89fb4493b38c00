import t from 'tap';
import { z } from 'zod';
import { startUpstreams } from '../sandbox/connected.ts';
import { sharedEmulatorOrSkip } from '../sandbox/shared-emulator.ts';
import { runCommand, runProcess } from './command.ts';

const Report = z.object({
  healthy: z.boolean(),
  findings: z.array(z.object({ check: z.string(), state: z.string(), advice: z.string().optional() })),
});

t.test('doctor', async (t) => {
  const [emulator, { commercetools, fluent, env: joined }] = await Promise.all([
    sharedEmulatorOrSkip(t),
    startUpstreams(t),
  ]);
  if (emulator === undefined) return;
  const env = {
    ...joined,
    PUSH_AUTH: 'oidc',
    PUSH_AUDIENCE: 'customer-sync',
    PUSH_SERVICE_ACCOUNT: 'push@example.iam.gserviceaccount.com',
    PUBSUB_EMULATOR_HOST: emulator.host,
    GOOGLE_CLOUD_PROJECT: emulator.projectId,
    DEAD_LETTER_TOPIC: 'customers-dead-letters',
    ACK_DEADLINE_SECONDS: '60',
  };

  async function look(changed: Record<string, string> = {}, run: typeof runCommand = runCommand) {
    const { code, out, err } = await run(['doctor', '--json'], { ...env, ...changed });
    const { healthy, findings } = Report.parse(JSON.parse(out));
    const inState = (state: string) =>
      findings.filter((one) => one.state === state).map(({ check }) => check);
    return { code, err, out, healthy, findings, faults: inState('fault'), inState };
  }

  await t.test('before the set-up, reports what is missing and what to do', async (t) => {
    const { code, faults, findings, inState } = await look({}, (...given) => runProcess(t, ...given));
    t.equal(code, 1);
    t.same(faults, [
      'commercetools sandbox-project: subscription fluent-customer-sync',
      `topic projects/${emulator.projectId}/topics/customers`,
      `dead-letter topic projects/${emulator.projectId}/topics/customers-dead-letters`,
      `push subscription projects/${emulator.projectId}/subscriptions/customers`,
    ]);
    t.ok(findings.filter(({ state }) => state === 'fault').every(({ advice }) => advice));
    t.ok(
      inState('skipped').includes('push subscription: ack deadline'),
      'what cannot be checked is not green',
    );
  });

  await t.test('after provision, reports no error', async (t) => {
    const made = await runCommand(['provision', '--endpoint=https://sync.example.com'], env);
    t.equal(made.code, 0, made.err);
    const { code, healthy, faults, inState, out } = await look();
    t.same(faults, [], out);
    t.same([code, healthy], [0, true]);
    t.same(inState('warning'), []);
    t.same(inState('skipped'), [
      'Fluent SANDBOX: create and update customers',
      'mapping of sandbox-project',
      'dead-letter topic: permission to publish',
    ]);
    const text = await runCommand(['doctor'], env);
    t.equal(text.code, 0);
    t.match(text.out, /^✔ configuration/);
    t.match(text.out, /✔ push subscription: authentication: OIDC/);
  });

  const RED = [
    {
      name: 'a wrong password of Fluent, and a subscription that differs from the environment,',
      env: {
        FLUENT_PASSWORD: 'wrong-password',
        ACK_DEADLINE_SECONDS: '90',
        DUPLICATE_MEMORY_SECONDS: '30',
        PUSH_AUDIENCE: 'another',
      },
      faults: [
        'Fluent SANDBOX: token',
        'push subscription: ack deadline',
        'push subscription: retry delay',
        'push subscription: authentication',
      ],
    },
    {
      name: 'a wrong secret of commercetools',
      env: { CTP_CLIENT_SECRET: 'wrong-secret' },
      faults: ['commercetools sandbox-project: token'],
      expected: /HTTP 401 invalid_client.*check CTP_CLIENT_ID and CTP_CLIENT_SECRET/,
    },
    {
      name: 'a scope that the API client does not have',
      env: { CTP_SCOPES: 'manage_orders:sandbox-project' },
      faults: ['commercetools sandbox-project: token'],
      expected: /HTTP 400 invalid_scope.*check CTP_SCOPES \(CTP_CLIENT_SCOPE under Connect/,
    },
    {
      name: 'a project that does not exist',
      env: { CTP_PROJECT_KEY: 'no-such-project', CTP_SCOPES: '' },
      faults: ['commercetools no-such-project: read customers'],
      expected: /the project no-such-project does not exist at CTP_API_URL, http/,
    },
    {
      name: 'a fault of the configuration',
      env: { ACK_DEADLINE_SECONDS: 'soon' },
      faults: ['configuration, environment ACK_DEADLINE_SECONDS'],
      code: 2,
    },
  ];
  for (const { name, env, faults: failing, expected, code: ended = 1 } of RED)
    await t.test(`${name} is an error`, async (t) => {
      const { code, faults, out } = await look(env);
      t.equal(code, ended);
      t.same(faults, failing);
      if (expected) t.match(out, expected);
      t.notMatch(out, /wrong-(password|secret)/);
    });

  const VARIANTS = [
    {
      name: 'a required input that the mapping may leave empty',
      schema: { required: ['firstName', 'timezone'] },
      expected: [
        /✖ Fluent SANDBOX: fields of customers: createCustomer requires firstName, and the mapping has no value for a customer that has none in commercetools\n {2}→ Map firstName to a value .* at \S*config\/connector\.yml:\d+:\d+\./,
        /✖ Fluent SANDBOX: fields of customers: createCustomer requires timezone, and the mapping does not contain it/,
      ],
    },
    {
      name: 'a mapped field that the inputs lack',
      schema: { without: ['title'] },
      expected: [
        /✖ .*: the input of createCustomer has no field title\n {2}→ Remove title from the mapping, at \S*:\d+:\d+\./,
        /✖ .*: the input of updateCustomer has no field title/,
      ],
    },
    {
      name: 'an account without updateCustomer',
      schema: { withoutUpdate: true },
      expected: [/✖ .*: there is no mutation updateCustomer\n {2}→ Ask Fluent/],
    },
  ];
  for (const { name, schema, expected } of VARIANTS)
    await t.test(`${name} is an error with the line of the mapping`, async (t) => {
      await fluent.changeSchema(schema);
      const { code, out } = await runCommand(['doctor'], env);
      t.equal(code, 1);
      for (const pattern of expected) t.match(out, pattern);
      t.equal(out.match(/✖/g)?.length, expected.length, out);
    });

  await t.test('a schema that Fluent does not show is skipped', async (t) => {
    await fluent.changeSchema({ closed: true });
    const { code, out } = await runCommand(['doctor'], env);
    t.equal(code, 0);
    t.match(
      out,
      /– Fluent SANDBOX: fields of customers: skipped: Fluent does not show its schema to this account/,
    );
    await fluent.changeSchema({});
  });

  const STATES = [
    {
      status: 'TemporaryError',
      code: 0,
      expected: /! .*: TemporaryError: commercetools keeps the notifications/,
    },
    {
      status: 'ConfigurationError',
      code: 1,
      expected: /✖ .*: ConfigurationError: .* keeps the notifications/,
    },
    {
      status: 'ManuallySuspended',
      code: 1,
      expected:
        /✖ .*: ManuallySuspended: .* not kept\n.*support of commercetools.*`customer-sync sync --since=(\S+)`/,
    },
    {
      status: 'ConfigurationErrorDeliveryStopped',
      code: 1,
      expected:
        /✖ .*: ConfigurationErrorDeliveryStopped: .* not kept\n.*`customer-sync provision`.*`customer-sync sync --since=(\S+)`/,
    },
  ];
  await t.test('reports each state of the subscription, and the time for --since', async (t) => {
    for (const { status, code, expected } of STATES) {
      commercetools.setSubscriptionStatus(status);
      const ended = await runCommand(['doctor'], env);
      t.equal(ended.code, code, status);
      t.match(ended.out, expected);
      const since = expected.exec(ended.out)?.[1];
      const changedAt = commercetools.subscriptions()[0]?.lastModifiedAt ?? '';
      if (since) t.equal(Date.parse(changedAt) - Date.parse(since), 7 * 86_400_000);
    }
    const mended = await runCommand(['provision'], env);
    t.equal(mended.code, 0, mended.err);
    t.match(commercetools.subscriptions(), [{ status: 'Healthy' }], 'provision restarts the delivery');
    t.equal((await runCommand(['doctor'], env)).code, 0);
  });

  await t.test(
    'an unhealthy subscription is an error or a warning, and a missing permission is an error',
    async (t) => {
      const SUBSCRIPTION = 'commercetools sandbox-project: subscription fluent-customer-sync';
      commercetools.setSubscriptionHealth(400);
      fluent.faults.on({ kind: 'permission', only: 'query' });
      t.same((await look()).faults, [SUBSCRIPTION, 'Fluent SANDBOX: query customers']);
      fluent.faults.off();
      commercetools.setSubscriptionHealth(503);
      const temporary = await look();
      t.equal(temporary.code, 0);
      t.same(temporary.inState('warning'), [SUBSCRIPTION]);
    },
  );
});
