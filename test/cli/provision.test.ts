import t from 'tap';
import { orderNoteProject } from '../handlers/readme-project.ts';
import { startUpstreams } from '../sandbox/connected.ts';
import { sharedEmulatorOrSkip } from '../sandbox/shared-emulator.ts';
import { runCommand, runProcess } from './command.ts';

t.test('provision and deprovision', async (t) => {
  const [emulator, { commercetools, env: joined }] = await Promise.all([
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
    ACK_DEADLINE_SECONDS: '60',
  };
  const ENDPOINT = '--endpoint=https://sync.example.com';
  const run = async (...args: string[]) => {
    const ended = await runCommand([...args, '--json'], env);
    return { ...ended, report: ended.out ? JSON.parse(ended.out) : undefined };
  };

  await t.test('a dry run prints the changes, and makes none', async (t) => {
    const { code, report } = await run('provision', ENDPOINT, '--dry-run');
    t.equal(code, 0);
    t.match(report, { dryRun: true, changes: 5 });
    t.same(commercetools.subscriptions(), []);
  });

  await t.test(
    'creating the push subscription requires --endpoint, and nothing is created without it',
    async (t) => {
      const { code, err, out } = await run('provision');
      t.equal(code, 2);
      t.match(err, /option --endpoint\n {2}expected {2}the URL of the service/);
      t.equal(out, '');
      const { report } = await run('provision', ENDPOINT, '--dry-run');
      t.match(report, { changes: 5 }, 'nothing was created');
    },
  );

  await t.test('the first run creates everything, the second changes nothing', async (t) => {
    const ended = await runProcess(t, ['provision', ENDPOINT, '--json'], env);
    const first = { ...ended, report: JSON.parse(ended.out) };
    t.equal(first.code, 0, first.err);
    t.equal(first.report.changes, 5);
    t.match(commercetools.subscriptions(), [
      {
        key: 'fluent-customer-sync',
        destination: { type: 'GoogleCloudPubSub', projectId: emulator.projectId, topic: 'customers' },
        changes: [{ resourceTypeId: 'customer' }],
        version: 1,
      },
    ]);
    const second = await run('provision', ENDPOINT);
    t.equal(second.code, 0);
    t.equal(second.report.changes, 0, second.out);
    t.equal(commercetools.subscriptions()[0]?.version, 1);
  });

  await t.test('subscribes to the resource types of all routes, and doctor checks them', async (t) => {
    const { HANDLERS_DIR, CONNECTOR_CONFIG } = await orderNoteProject(t.testdir());
    const withOrders = { ...env, HANDLERS_DIR, CONNECTOR_CONFIG };
    const before = await runCommand(['doctor', '--json'], withOrders);
    t.match(before.out, /does not publish the changes of order/);
    const ended = await runCommand(['provision', '--json'], withOrders);
    t.equal(ended.code, 0, ended.err);
    const changes = [{ resourceTypeId: 'customer' }, { resourceTypeId: 'order' }];
    t.match(commercetools.subscriptions(), [{ changes }]);
    t.notMatch((await runCommand(['doctor', '--json'], withOrders)).out, /does not publish the changes/);
    t.equal((await run('provision')).report.changes, 0, 'a routing table without a type does not remove it');
  });

  await t.test("uses the set-up's own API client if both its variables are set", async (t) => {
    const { CTP_CLIENT_ID = '', CTP_CLIENT_SECRET = '' } = joined;
    const service = { ...env, CTP_CLIENT_ID: 'the-service', CTP_SCOPES: 'view_nothing:anywhere' };
    t.equal((await runCommand(['provision', '--json'], service)).code, 3);
    const both = { SETUP_CTP_CLIENT_ID: CTP_CLIENT_ID, SETUP_CTP_CLIENT_SECRET: CTP_CLIENT_SECRET };
    const made = await runCommand(['provision', '--json'], { ...service, ...both });
    t.equal(made.code, 0, made.err);
    const half = await runCommand(['provision'], { ...service, SETUP_CTP_CLIENT_ID: CTP_CLIENT_ID });
    t.equal(half.code, 2);
    t.match(half.err, /environment SETUP_CTP_CLIENT_SECRET\n {2}expected {2}a value/);
  });

  await t.test('changes only the settings that differ', async (t) => {
    const [before] = commercetools.subscriptions();
    const ended = await runCommand(
      ['provision', '--json', '--topic=others', '--subscription=more', ENDPOINT],
      env,
    );
    t.equal(ended.code, 0, ended.err);
    const [after] = commercetools.subscriptions();
    t.equal(after?.id, before?.id);
    t.match(after?.destination, { topic: 'others' });
    const back = await runCommand(['provision', '--json'], { ...env, ACK_DEADLINE_SECONDS: '30' });
    t.equal(back.code, 0, back.err);
    const changed = JSON.parse(back.out).steps.filter(
      ({ result }: { result: string }) => result === 'changed',
    );
    t.match(changed, [
      { step: /^push subscription/, detail: 'ackDeadlineSeconds 60 → 30' },
      { step: /^commercetools subscription/, detail: 'changeDestination' },
    ]);
    t.equal(changed.length, 2);
    t.equal(commercetools.subscriptions()[0]?.id, before?.id);
  });

  await t.test('without PUSH_AUTH it creates nothing', async (t) => {
    const { PUSH_AUTH: _, ...without } = env;
    const { code, err } = await runCommand(['provision', ENDPOINT], without);
    t.equal(code, 2);
    t.match(err, /environment PUSH_AUTH/);
  });

  await t.test('deprovision requires a confirmation, and keeps the topics', async (t) => {
    const asked = await runCommand(['deprovision'], env, { input: 'no\n' });
    t.equal(asked.code, 0);
    t.match(asked.err, /Remove permanently\?.*push subscription.*Nothing was removed/s);
    t.equal(commercetools.subscriptions().length, 1);
    const removed = await runProcess(t, ['deprovision'], env, { input: 'y\n' });
    t.equal(removed.code, 0, removed.err);
    t.same(commercetools.subscriptions(), []);
    const all = await run('deprovision', '--yes', '--topics');
    t.match(all.report.removed, [/^dead-letter subscription/, /^topic/, /^dead-letter topic/]);
  });
});
