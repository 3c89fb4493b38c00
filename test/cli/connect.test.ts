import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { linkSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ConnectorSpecificationParser } from '@commercetools-connect/specification';
import t, { type Test } from 'tap';
import { parse } from 'yaml';
import { z } from 'zod';
import { connectYaml } from '../../src/cli/connect/specification.ts';
import { orderNoteProject, orderPlaced } from '../handlers/readme-project.ts';
import { changeOf, startUpstreams } from '../sandbox/connected.ts';
import { MEMORY_IS_KNOWN, peakMegabytes } from '../sandbox/memory.ts';
import { outsideFolder } from '../sandbox/outside-folder.ts';
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
const Lock = z.object({ packages: z.record(z.string(), z.unknown()) });

const SNS_TOPIC = 'arn:aws:sns:eu-central-1:123456789012:topic-1';

/** The memory of a container of Connect is 512 MB, of which npm uses about 70. */
const LARGEST_MEGABYTES = 420;

/** Writes the tree with an additional handler and route. */
async function connectPackage(t: Test): Promise<{ folder: string; app: string }> {
  const root = outsideFolder(t, 'connect');
  const own = await orderNoteProject(join(root, 'mine'));
  await writeFile(join(own.HANDLERS_DIR, 'order-note.test.ts'), '');
  const folder = join(root, 'tree');
  const { code, out, err } = await runCommand(['connect-package', folder], own);
  t.equal(code, 0, err);
  t.match(out, `Written: ${folder}/connect.yaml`);
  return { folder, app: join(folder, 'customer-sync') };
}

const { folder, app } = await connectPackage(t);

t.test('connect-package writes a valid Connect repository', async (t) => {
  const text = await readFile(join(folder, 'connect.yaml'), 'utf8');

  await t.test("Connect's own parser finds nothing wrong", async (t) => {
    t.doesNotThrow(() => new ConnectorSpecificationParser().parse(text));
  });

  await t.test('the keys are the variables that have to be set', async (t) => {
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

  await t.test('the scopes allow to read each resource of a route', (t) => {
    const { inheritAs } = File.parse(
      parse(connectYaml('', ['cart', 'category', 'order', 'inventory-entry'])),
    );
    const { scopes } = inheritAs.apiClient;
    t.same(scopes, [
      'view_customers',
      'view_orders',
      'view_categories',
      'view_products',
      'manage_subscriptions',
    ]);
    t.end();
  });

  await t.test('npm ci accepts its lock file', async (t) => {
    const args = ['ci', '--dry-run', '--ignore-scripts', '--omit=dev', '--offline'];
    await t.resolves(promisify(execFile)('npm', args, { cwd: app }));
  });

  await t.test('refuses a folder that is not empty', async (t) => {
    const { code, err } = await runCommand(['connect-package', folder], {});
    t.equal(code, 2);
    t.match(err, /expected {2}an empty folder/);
  });
});

/** Installs exactly the packages of the tree's lock file, like `npm ci`, from this repository's node_modules. */
function install(app: string): void {
  const { packages } = Lock.parse(JSON.parse(readFileSync(join(app, 'package-lock.json'), 'utf8')));
  for (const path of Object.keys(packages)) if (path !== '') linkAll(join(ROOT, path), join(app, path));
}

/** Files that Node does not read: more than half of all. */
const UNREAD = /\.(map|md|d\.[cm]?ts)$/;

/** Hard links, because Node resolves a symlink to the repository, where it also finds the development dependencies. */
function linkAll(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isFile() && !UNREAD.test(entry.name)) linkSync(source, target);
    else if (entry.isDirectory() && entry.name !== 'node_modules') linkAll(source, target);
  }
}

/**
 * Runs `npm start` in the folder, and waits until it listens: on port 8080 as in a container, or on a free port if it is in
 * use.
 */
async function npmStart(t: Test, app: string, env: Record<string, string>) {
  const child = spawn('npm', ['start'], { cwd: app, env, detached: true });
  const ended = once(child, 'close');
  t.teardown(() => {
    try {
      // Ends the process group: npm, its shell and the service.
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // The group has ended already.
    }
    return ended;
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => {
      output += text;
    });
  const listens = () => output.includes('Server listening at');
  t.ok(await until(() => listens() || child.exitCode !== null), output);
  if (!listens() && /\b8080\b/.test(output) && /in use/.test(output))
    return npmStart(t, app, { ...env, PORT: '0' });
  const [, port = ''] = /listening at http:\/\/[^"]*:(\d+)/.exec(output) ?? [];
  if (env['PORT'] === undefined) t.equal(port, '8080', output);
  return { child, url: `http://127.0.0.1:${port}`, output: () => output };
}

/** Returns the id of the process that npm has started. */
async function childOf(pid: number | undefined): Promise<number> {
  return Number.parseInt(await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'), 10);
}

/** A push in the format of Connect's documentation: only the data. */
const ofPubSub = (notification: unknown) => ({
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(
    JSON.stringify({ message: { data: Buffer.from(JSON.stringify(notification)).toString('base64') } }),
  ),
});

/** A push in the format of SNS. Connect does not document its format in AWS regions. */
const ofSns = (notification: unknown) => ({
  headers: { 'content-type': 'text/plain; charset=UTF-8', 'x-amz-sns-message-type': 'Notification' },
  body: Buffer.from(
    JSON.stringify({
      Type: 'Notification',
      MessageId: randomUUID(),
      TopicArn: SNS_TOPIC,
      Message: JSON.stringify(notification),
      Timestamp: new Date().toISOString(),
    }),
  ),
});

/** Posts a body and returns the status. It does not use `fetch`, which copies the body several times. */
async function post(url: string, headers: Readonly<Record<string, string>>, body: Buffer): Promise<number> {
  const sent = request(url, { method: 'POST', headers: { ...headers, 'content-length': body.length } });
  // Ignores an error after the response; an earlier one rejects below.
  sent.on('error', () => undefined);
  sent.end(body);
  const [response] = await once(sent, 'response');
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}

t.test('the tree runs as Connect would run it', async (t) => {
  install(app);
  const { inheritAs } = File.parse(parse(await readFile(join(folder, 'connect.yaml'), 'utf8')));
  const { commercetools, fluent, env } = await startUpstreams(t);
  const { projectKey } = commercetools;
  const { PUSH_AUTH: _, HOST: __, PORT: ___, ACK_DEADLINE_SECONDS: ____, ...configuration } = env;
  const given = {
    ...configuration,
    PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
    CTP_CLIENT_REGION: 'europe-west1.gcp',
    CTP_CLIENT_SCOPE: inheritAs.apiClient.scopes.map((scope) => `${scope}:${projectKey}`).join(' '),
    npm_config_update_notifier: 'false',
  };
  const script = async (name: string, variables: Readonly<Record<string, string>>) =>
    promisify(execFile)('npm', ['run', '--silent', name], { cwd: app, env: { ...given, ...variables } });
  const gcp = { CONNECT_GCP_PROJECT_ID: 'connect-project', CONNECT_GCP_TOPIC_NAME: 'topic-1' };
  const sns = { CONNECT_SUBSCRIPTION_DESTINATION: 'SNS', CONNECT_AWS_TOPIC_ARN: SNS_TOPIC };
  const changes = [{ resourceTypeId: 'customer' }, { resourceTypeId: 'order' }];

  await t.test('postDeploy creates the subscription to the given topic, once', async (t) => {
    const made = await script('connector:post-deploy', gcp);
    t.match(made.stdout, /^created/);
    const destination = { type: 'GoogleCloudPubSub', projectId: 'connect-project', topic: 'topic-1' };
    t.match(commercetools.subscriptions(), [
      { key: 'fluent-customer-sync-connect', destination, changes, version: 1 },
    ]);
    t.match((await script('connector:post-deploy', gcp)).stdout, /^unchanged/);
  });

  await t.test('npm start serves a burst on port 8080, in the memory of a container', async (t) => {
    // Limits the heap to the rest of 512 MB; the process crashes if it needs more.
    const { child, url, output } = await npmStart(t, app, {
      ...given,
      NODE_OPTIONS: '--max-old-space-size=256',
    });
    const push = async ({ headers, body }: ReturnType<typeof ofPubSub | typeof ofSns>): Promise<number> => {
      let status = 0;
      await until(async () => {
        status = await post(`${url}/push`, headers, body);
        // The queue or the memory for bodies is full; Connect delivers the push again.
        return status !== 503;
      });
      return status;
    };
    const customers = commercetools.seed(300);
    const statuses = await Promise.all(
      customers.flatMap((customer, index) => {
        const shape = index % 2 === 0 ? ofPubSub : ofSns;
        const filler = 'x'.repeat(index % 50 === 0 ? 8_000_000 : 0);
        const created = { ...changeOf(customer, 'ResourceCreated'), projectKey };
        return [push(shape(created)), push(shape({ ...changeOf(customer), projectKey, filler }))];
      }),
    );
    t.same(new Set(statuses), new Set([204]));
    t.ok(customers.every(({ id }) => fluent.customers.has(id)));
    const [{ id } = { id: '' }] = customers;
    const order = await commercetools.createOrder({ customerId: id });
    t.equal(await push(ofPubSub(orderPlaced(commercetools, order))), 204, 'with the additional handler');
    t.match(fluent.customers.get(id)?.attributes.at(-1), { name: 'lastOrderAt' });
    t.equal((await fetch(`${url}/health/live`)).status, 200);
    if (MEMORY_IS_KNOWN) {
      const peak = await peakMegabytes(await childOf(child.pid));
      t.ok(peak < LARGEST_MEGABYTES, `its memory was ${Math.round(peak)} MB at most`);
    }
    // The signal is sent to npm, as in a container.
    child.kill('SIGTERM');
    const finished = () => output().includes('Everything in flight is finished.');
    t.ok(await until(finished), 'the signal reaches the service');
  });

  await t.test('the subscription moves to SNS, and preUndeploy removes it', async (t) => {
    const [before] = commercetools.subscriptions();
    t.match((await script('connector:post-deploy', sns)).stdout, /^changed/);
    const moved = { type: 'SNS', topicArn: SNS_TOPIC, authenticationMode: 'IAM' };
    t.match(commercetools.subscriptions(), [{ id: before?.id, destination: moved, changes }]);

    t.match((await script('connector:pre-undeploy', {})).stdout, /^removed/);
    t.same(commercetools.subscriptions(), []);
    t.match((await script('connector:pre-undeploy', {})).stdout, /^not there/);
  });

  await t.test(
    'without a topic, or with an unknown destination, the script fails with an error',
    async (t) => {
      const failed = await script('connector:post-deploy', {}).catch((error: unknown) => error);
      t.match(failed, { code: 2, stderr: /CONNECT_GCP_PROJECT_ID[\s\S]*CONNECT_GCP_TOPIC_NAME/ });
      const other = await script('connector:post-deploy', {
        CONNECT_SUBSCRIPTION_DESTINATION: 'Other',
      }).catch((error: unknown) => error);
      t.match(other, { code: 2, stderr: /expected {2}GoogleCloudPubSub or SNS/ });
      t.same(commercetools.subscriptions(), []);
    },
  );
});
