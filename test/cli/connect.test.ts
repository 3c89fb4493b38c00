import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ConnectorSpecificationParser } from '@commercetools-connect/specification';
import t, { type Test } from 'tap';
import { parse } from 'yaml';
import { z } from 'zod';
import manifest from '../../package.json' with { type: 'json' };
import { orderNoteProject, orderPlaced } from '../handlers/readme-project.ts';
import { startUpstreams } from '../sandbox/connected.ts';
import { until } from '../sandbox/until.ts';
import { runCommand } from './command.ts';

const ROOT = join(import.meta.dirname, '../..');
const Keys = z.array(z.object({ key: z.string(), required: z.boolean(), default: z.string().optional() }));
const File = z.object({
  deployAs: z.tuple([
    z.object({ configuration: z.object({ standardConfiguration: Keys, securedConfiguration: Keys }) }),
  ]),
  inheritAs: z.object({ apiClient: z.object({ scopes: z.array(z.string()) }) }),
});
const Manifest = z.object({ scripts: z.record(z.string(), z.string()) });

/** The tree, written with a handler and a route of one's own; what it needs is linked, as `npm ci` would install it. */
async function connectPackage(t: Test): Promise<{ folder: string; app: string }> {
  const root = await mkdtemp(join(tmpdir(), 'connect-'));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  const own = await orderNoteProject(join(root, 'mine'));
  await writeFile(join(own.HANDLERS_DIR, 'order-note.test.ts'), '');
  const folder = join(root, 'tree');
  const { code, out, err } = await runCommand(['connect-package', folder], own);
  t.equal(code, 0, err);
  t.match(out, `Written: ${folder}/connect.yaml`);
  return { folder, app: join(folder, 'customer-sync') };
}

t.test('connect-package writes what Connect takes', async (t) => {
  const { folder, app } = await connectPackage(t);
  const text = await readFile(join(folder, 'connect.yaml'), 'utf8');

  await t.test("Connect's own parser finds nothing wrong", async (t) => {
    t.doesNotThrow(() => new ConnectorSpecificationParser().parse(text));
  });

  await t.test('the keys are the variables that somebody has to know', async (t) => {
    const { deployAs, inheritAs } = File.parse(parse(text));
    const { standardConfiguration, securedConfiguration } = deployAs[0].configuration;
    const required = [...standardConfiguration, ...securedConfiguration].filter((key) => key.required);
    t.same(
      required.map(({ key }) => key),
      [
        'CTP_PROJECT_KEY',
        'FLUENT_API_URL',
        'FLUENT_CLIENT_ID',
        'FLUENT_USERNAME',
        'FLUENT_RETAILER_ID',
        'FLUENT_CLIENT_SECRET',
        'FLUENT_PASSWORD',
      ],
    );
    const secured = securedConfiguration.map(({ key }) => key);
    t.ok(secured.includes('METRICS_TOKEN') && secured.includes('DASHBOARD_TOKEN'));
    t.ok(standardConfiguration.some((one) => one.key === 'FLUENT_BATCH' && one.default === '10'));
    const all = [...standardConfiguration.map(({ key }) => key), ...secured];
    for (const name of ['PORT', 'CTP_CLIENT_ID', 'CTP_API_URL', 'PUSH_AUTH', 'CONNECTOR_CONFIG'])
      t.notOk(all.includes(name), name);
    t.same(inheritAs.apiClient.scopes, ['view_customers', 'view_orders', 'manage_subscriptions']);
  });

  await t.test('npm ci takes its lock file', async (t) => {
    const args = ['ci', '--dry-run', '--ignore-scripts', '--omit=dev', '--offline'];
    await t.resolves(promisify(execFile)('npm', args, { cwd: app }));
  });

  await t.test('a folder with something in it is left alone', async (t) => {
    const { code, err } = await runCommand(['connect-package', folder], {});
    t.equal(code, 2);
    t.match(err, /expected {2}a folder that is empty/);
  });
});

t.test('the tree runs as Connect would run it', async (t) => {
  const { app } = await connectPackage(t);
  for (const name of Object.keys(manifest.dependencies)) {
    await mkdir(dirname(join(app, 'node_modules', name)), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), join(app, 'node_modules', name));
  }
  const { commercetools, fluent, env } = await startUpstreams(t);
  const { PUSH_AUTH: _, HOST: __, ACK_DEADLINE_SECONDS: ___, ...configuration } = env;
  const given = {
    ...configuration,
    PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
    CTP_CLIENT_REGION: 'europe-west1.gcp',
    CTP_CLIENT_SCOPE: `view_customers:${commercetools.projectKey} manage_subscriptions:${commercetools.projectKey}`,
  };
  const { scripts } = Manifest.parse(JSON.parse(await readFile(join(app, 'package.json'), 'utf8')));

  await t.test('npm start serves the pushes, with the handlers of ones own', async (t) => {
    const child = spawn('sh', ['-c', `exec env ${scripts['start']}`], { cwd: app, env: given });
    const ended = once(child, 'close');
    t.teardown(() => {
      child.kill('SIGKILL');
      return ended;
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => {
        said += text;
      });
    t.ok(await until(() => said.includes('Server listening at')), said);
    const port = /listening at http:\/\/[^"]*:(\d+)/.exec(said)?.[1];
    // What the page of Connect shows: nothing but the data.
    const push = (notification: unknown) =>
      fetch(`http://127.0.0.1:${port}/push`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          message: { data: Buffer.from(JSON.stringify(notification)).toString('base64') },
        }),
      });
    const { id, version } = await commercetools.createCustomer({ email: 'ada@example.org' });
    const { projectKey } = commercetools;
    const resource = { typeId: 'customer', id };
    const created = { notificationType: 'ResourceCreated', projectKey, resource, version };
    t.equal((await push(created)).status, 204);
    t.ok(fluent.customers.has(id));
    const order = await commercetools.createOrder({ customerId: id });
    t.equal((await push(orderPlaced(commercetools, order))).status, 204);
    t.match(fluent.customers.get(id)?.attributes.at(-1), { name: 'lastOrderAt' });
    t.equal((await fetch(`http://127.0.0.1:${port}/health/live`)).status, 200);
    child.kill('SIGTERM');
    t.same(await ended, [0, null]);
  });

  const script = async (name: string, variables: Readonly<Record<string, string>>) =>
    promisify(execFile)('sh', ['-c', scripts[name] ?? ''], { cwd: app, env: { ...given, ...variables } });
  const gcp = { CONNECT_GCP_PROJECT_ID: 'connect-project', CONNECT_GCP_TOPIC_NAME: 'topic-1' };
  const changes = [{ resourceTypeId: 'customer' }, { resourceTypeId: 'order' }];

  await t.test('the scripts make the subscription on the given topic, once, and remove it', async (t) => {
    const made = await script('connector:post-deploy', gcp);
    t.match(made.stdout, /^created/);
    const destination = { type: 'GoogleCloudPubSub', projectId: 'connect-project', topic: 'topic-1' };
    t.match(commercetools.subscriptions(), [
      { key: 'fluent-customer-sync-connect', destination, changes, version: 1 },
    ]);
    t.match((await script('connector:post-deploy', gcp)).stdout, /^unchanged/);

    const arn = 'arn:aws:sns:eu-central-1:123456789012:topic-1';
    const sns = { CONNECT_SUBSCRIPTION_DESTINATION: 'SNS', CONNECT_AWS_TOPIC_ARN: arn };
    const [before] = commercetools.subscriptions();
    t.match((await script('connector:post-deploy', sns)).stdout, /^changed/);
    const moved = { type: 'SNS', topicArn: arn, authenticationMode: 'IAM' };
    t.match(commercetools.subscriptions(), [{ id: before?.id, destination: moved, changes }]);

    t.match((await script('connector:pre-undeploy', {})).stdout, /^removed/);
    t.same(commercetools.subscriptions(), []);
    t.match((await script('connector:pre-undeploy', {})).stdout, /^not there/);
  });

  await t.test('without a topic, or with an unknown destination, the script says so and fails', async (t) => {
    const failed = await script('connector:post-deploy', {}).catch((error: unknown) => error);
    t.match(failed, { code: 2, stderr: /CONNECT_GCP_PROJECT_ID[\s\S]*CONNECT_GCP_TOPIC_NAME/ });
    const other = await script('connector:post-deploy', { CONNECT_SUBSCRIPTION_DESTINATION: 'Other' }).catch(
      (error: unknown) => error,
    );
    t.match(other, { code: 2, stderr: /expected {2}GoogleCloudPubSub or SNS/ });
    t.same(commercetools.subscriptions(), []);
  });
});
