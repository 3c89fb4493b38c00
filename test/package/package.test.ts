import { execFile, spawnSync } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import manifest from '../../package.json' with { type: 'json' };
import { startCommand } from '../cli/command.ts';
import { block, mappingTest, orderNoteProject, orderPlaced } from '../handlers/readme-project.ts';
import { changeOf, startUpstreams } from '../sandbox/connected.ts';
import { outsideFolder } from '../sandbox/outside-folder.ts';
import { sendPush } from '../sandbox/push.ts';
import { until } from '../sandbox/until.ts';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** Links packages of the repository's node_modules into the project, like an installation. */
async function link(project: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const path = join(project, 'node_modules', name);
    await mkdir(dirname(path), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), path);
  }
}

t.test('the package works from an empty folder', async (t) => {
  const project = outsideFolder(t, 'package');
  const place = join(project, 'node_modules', manifest.name);
  await mkdir(place, { recursive: true });
  // The package.json of `npm init`.
  await writeFile(join(project, 'package.json'), '{ "name": "mine", "type": "commonjs" }');
  const env = { ...process.env, npm_config_loglevel: 'error' };
  const packed = await run('npm', ['pack', '--json', '--pack-destination', project], { cwd: ROOT, env });
  const tarball = join(project, `${manifest.name}-${manifest.version}.tgz`);
  await run('tar', ['xzf', tarball, '-C', place, '--strip-components=1']);
  await link(project, Object.keys(manifest.dependencies));
  const command = join(place, manifest.bin['customer-sync']);

  await t.test('it contains no TypeScript except declarations, and no tests', async (t) => {
    const { stdout } = await run('tar', ['tzf', tarball]);
    const files = stdout.trim().split('\n');
    t.same(
      files.filter((file) => /(?<!\.d)\.ts$|\.test\./.test(file)),
      [],
    );
    for (const file of ['README.md', '.env.example', 'config/connector.yml', 'handlers/README.md'])
      t.ok(files.includes(`package/${file}`), file);
    t.ok(packed.stdout.length > 0);
  });

  const own = await orderNoteProject(project);
  await t.test(
    'npx customer-sync start runs the service, with your configuration and handlers',
    async (t) => {
      const upstreams = await startUpstreams(t);
      const { commercetools, fluent } = upstreams;
      let output = '';
      const onText = (text: string) => {
        output += text;
      };
      const service = startCommand(
        t,
        ['start'],
        { ...upstreams.env, ...own },
        { cwd: project, command, onText },
      );
      t.ok(await until(() => output.includes('Server listening')), output);
      const url = /listening at (http:[^"]+)/.exec(output)?.[1] ?? '';
      t.match(output, `"source":"${own.HANDLERS_DIR}/order-note.ts"`);
      const customer = await commercetools.createCustomer({ email: 'ada@example.org' });
      t.equal((await sendPush(`${url}/push`, changeOf(customer))).status, 204);
      const order = await commercetools.createOrder({ customerId: customer.id });
      t.equal((await sendPush(`${url}/push`, orderPlaced(commercetools, order))).status, 204);
      t.match(fluent.customers.get(customer.id)?.attributes.at(-1), {
        name: 'lastOrderAt',
        value: order.createdAt,
      });
      t.equal((await fetch(url)).status, 200, 'the page is there');
      t.match(await (await fetch(`${url}/metrics`)).text(), /customer_sync_/);
      service.kill('SIGTERM');
      t.match(await service.ended, { code: 0, err: '' });
    },
  );

  await t.test('without your own file, the shipped one is read', async (t) => {
    const { code, err } = await startCommand(t, ['start'], {}, { cwd: tmpdir(), command }).ended;
    t.equal(code, 1);
    t.match(err, `${place}/config/connector.yml:`);
  });

  await t.test('the stand-ins report which packages they need', async (t) => {
    const { code, err } = await startCommand(t, ['stand-ins'], {}, { cwd: project, command }).ended;
    t.equal(code, 2);
    t.match(
      err,
      /no (?:graphql|mercurius|@labdigital\/commercetools-mock)\n[\s\S]*npm install --save-dev @labdigital\/commercetools-mock graphql mercurius/,
    );
  });

  await link(project, Object.keys(manifest.peerDependencies));
  await t.test('with them, the handler in the README and its test run', async (t) => {
    await writeFile(join(project, 'handlers/order-note.test.ts'), block('handlers/order-note.test.ts'));
    await writeFile(join(project, 'handlers/mapping.test.ts'), mappingTest);
    const { code, out, err } = await startCommand(t, ['test'], {}, { cwd: project, command }).ended;
    t.equal(code, 0, out + err);
    t.match(out, /(ℹ|#) pass 5/);
  });

  await t.test('an editor finds the types', async (t) => {
    await writeFile(
      join(project, 'handlers/custom/customer-upsert.ts'),
      block('handlers/custom/customer-upsert.ts'),
    );
    await link(project, ['@types/node']);
    const options = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'esnext',
      '--types',
      'node',
      '--skipLibCheck',
    ];
    const files = ['order-note.ts', 'order-note.test.ts', 'mapping.test.ts', 'custom/customer-upsert.ts'];
    await writeFile(join(project, 'package.json'), '{ "name": "mine", "type": "module" }');
    const paths = files.map((file) => join(project, 'handlers', file));
    const { stdout, status } = spawnSync('tsc', [...options, ...paths], { cwd: project, encoding: 'utf8' });
    t.equal(status, 0, stdout);
  });

  t.equal((await readFile(join(place, 'README.md'), 'utf8')).startsWith(`# ${manifest.name}`), true);
});
