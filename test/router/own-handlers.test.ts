import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startUpstreams } from '../sandbox/connected.ts';
import { startProcess } from '../sandbox/process.ts';
import { sendPush } from '../sandbox/push.ts';
import { START } from '../sandbox/start-command.ts';

const SHIPPED = join(import.meta.dirname, '../../config/connector.yml');
/** Imports everything that a handler may: the contract by the package's name, a sibling, and a package not installed in its folder. */
const COUNT = `
  import { defineHandler, Rejection } from 'commercetools-fluent-customer-sync';
  import { z } from 'zod';
  import { WHY } from './why.ts';
  export default defineHandler({
    description: 'Rejects everything.',
    props: z.strictObject({}),
    readsCurrentState: true,
    create: () => async () => {
      throw new Rejection('counted', WHY);
    },
  });
`;
const UPSERT = `
  import { defineHandler } from 'commercetools-fluent-customer-sync';
  import shipped from 'commercetools-fluent-customer-sync/handlers/customer-upsert';
  export default defineHandler({ ...shipped, description: 'As shipped.' });
`;
const filesFor = (resourceType: string): Readonly<Record<string, string>> => ({
  [`${resourceType}-count/index.ts`]: COUNT,
  [`${resourceType}-count/why.ts`]: `export const WHY: string = 'Expected no ${resourceType}, got one.';`,
  [`${resourceType}-count.test.ts`]: `throw new Error('A test is no handler.');`,
  'README.md': 'Not a handler either.',
  [`samples/${resourceType}.json`]: '{}',
});

/** A folder from which no node_modules can be found. */
async function outside(t: Test, parent = tmpdir()): Promise<string> {
  const folder = await mkdtemp(join(parent, 'own-handlers-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function write(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

const COMMONJS = { 'package.json': '{ "type": "commonjs" }' };

/** A writable file system in memory, if the machine has one. */
const OTHER_FILE_SYSTEM = '/dev/shm';

/** Runs a command in a mount namespace where a folder is mounted, read-only, at another path. */
const IN_MOUNT = [
  'unshare',
  '--mount',
  '--map-root-user',
  'sh',
  '-c',
  'from=$1 to=$2 && shift 2 && mount --bind "$from" "$to" && mount -o remount,bind,ro "$to" && exec "$@"',
  'mounted',
];

function mayMount(): boolean {
  const [program = '', ...args] = [...IN_MOUNT, '/tmp', '/tmp', 'true'];
  return spawnSync(program, args).status === 0;
}

type Files = Readonly<Record<string, string>>;
/** The location of the handlers, and the command that starts the service if it is not the usual one. */
type Layout = (
  root: string,
  files: Files,
  t: Test,
) => Promise<string | { folder: string; command: string[] }>;

/** The locations by the resource type of the handler there. */
const LAYOUTS: Readonly<Record<string, { readonly title: string; readonly lay: Layout }>> = {
  cart: { title: 'a plain folder', lay: (root, files) => write(join(root, 'mine'), files) },
  category: {
    title: 'a folder that `npm init` was run in',
    lay: (root, files) => write(join(root, 'mine'), { ...files, ...COMMONJS }),
  },
  order: {
    title: 'a folder behind a symlink',
    async lay(root, files) {
      await symlink(await write(join(root, 'real'), files), join(root, 'link'));
      return join(root, 'link');
    },
  },
  payment: {
    title: 'a folder of another file system',
    async lay(root, files, t) {
      if (existsSync(OTHER_FILE_SYSTEM))
        return write(join(await outside(t, OTHER_FILE_SYSTEM), 'mine'), files);
      t.pass('a folder of the same one instead', { skip: `needs ${OTHER_FILE_SYSTEM}` });
      return write(join(root, 'mine'), files);
    },
  },
  product: {
    title: 'a volume that is mounted read-only',
    async lay(root, files, t) {
      const from = await write(join(root, 'real'), files);
      if (!mayMount()) {
        t.pass('the folder itself instead', { skip: 'needs the right to mount' });
        return from;
      }
      const folder = join(root, 'mounted');
      await mkdir(folder);
      return { folder, command: [...IN_MOUNT, from, folder, process.execPath, ...START] };
    },
  },
  // A mount of Kubernetes: every entry is a symlink into a folder that is replaced as a whole.
  store: {
    title: 'a volume of Kubernetes',
    async lay(root, files) {
      const folder = join(root, 'volume');
      await write(join(folder, '..2026_11_24'), files);
      await symlink('..2026_11_24', join(folder, '..data'));
      for (const name of new Set(Object.keys(files).map((file) => file.split('/')[0] ?? '')))
        await symlink(join('..data', name), join(folder, name));
      return folder;
    },
  },
};

t.test('handlers work in every kind of folder, with the configuration in one of them', async (t) => {
  const root = await outside(t);
  const upstreams = await startUpstreams(t);
  let command: string[] | undefined;
  const folders: string[] = [];
  for (const [resourceType, { lay }] of Object.entries(LAYOUTS)) {
    const laid = await lay(join(root, resourceType), filesFor(resourceType), t);
    folders.push(typeof laid === 'string' ? laid : laid.folder);
    if (typeof laid !== 'string') command = laid.command;
  }
  const replacing = await write(join(root, 'second'), { 'customer-upsert.ts': UPSERT });
  // Like Kubernetes mounts a ConfigMap.
  const config = join(root, 'config/connector.yml');
  const routes = Object.keys(LAYOUTS).map(
    (type) => `  - route: "commercetools.connect.${type}.count"\n    props: { name: "${type}" }\n`,
  );
  await write(join(root, 'config/..2026_11_24'), {
    'connector.yml': `${await readFile(SHIPPED, 'utf8')}\n${routes.join('')}`,
  });
  await symlink('..2026_11_24', join(root, 'config/..data'));
  await symlink('..data/connector.yml', config);
  const own = { CONNECTOR_CONFIG: config, HANDLERS_DIR: `${folders.join(', ')}, ${replacing}/` };
  const service = await startProcess(t, { ...upstreams.env, ...own }, undefined, command);
  t.match(service.lines, [
    {
      message: 'A shipped handler is replaced.',
      source: `${replacing}/customer-upsert.ts`,
      replaces: 'handlers/customer-upsert',
    },
    { message: 'route', source: `${replacing}/customer-upsert.ts` },
    ...Object.keys(LAYOUTS).map((type, index) => ({
      message: 'route',
      source: `${folders[index]}/${type}-count`,
    })),
  ]);

  const { projectKey } = upstreams.commercetools;
  const change = (typeId: string, { id, version }: { readonly id: string; readonly version: number }) => ({
    notificationType: 'ResourceCreated',
    projectKey,
    version,
    resource: { typeId, id },
  });
  for (const [type, { title }] of Object.entries(LAYOUTS))
    await t.test(`one in ${title}`, async (t) => {
      const answer = await sendPush(`${service.url}/push`, change(type, { id: 'a1', version: 1 }));
      t.equal(answer.status, 422, 'a Rejection is that of the engine');
      t.match(JSON.parse(answer.body), { reason: 'counted', detail: `Expected no ${type}, got one.` });
    });

  const customer = await upstreams.commercetools.createCustomer({ email: 'ada@example.com' });
  t.equal((await sendPush(`${service.url}/push`, change('customer', customer))).status, 204);
  t.ok(upstreams.fluent.customers.has(customer.id));
  t.equal((await service.stop()).stderr, '');
});

t.test('a missing folder, and a package that cannot be found, stop the start', async (t) => {
  const root = await outside(t);
  const { env } = await startUpstreams(t);
  const folder = await write(join(root, 'mine'), { 'order-count.ts': `import 'no-such-package';` });
  await cp(SHIPPED, join(root, 'connector.yml'));
  const own = { CONNECTOR_CONFIG: join(root, 'connector.yml'), HANDLERS_DIR: `${folder},${root}/none` };
  const failed = await startProcess(t, { ...env, ...own }).then(
    () => 'it started',
    (error: unknown) => String(error),
  );
  t.match(
    failed,
    `environment HANDLERS_DIR\n  expected  folders of handlers, separated by commas\n  found     no folder ${root}/none`,
  );
  t.match(
    failed,
    /order-count\.ts\n {2}expected {2}code that can be loaded\n {2}found {5}Error: Cannot find package 'no-such-package' imported from .*order-count\.ts/,
  );
});
