import { execFile } from 'node:child_process';
import { cpSync } from 'node:fs';
import { cp, glob, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { z } from 'zod';
import manifest from '../../package.json' with { type: 'json' };
import { startCommand } from '../cli/command.ts';
import { orderNoteProject, orderPlaced } from '../handlers/readme-project.ts';
import { startUpstreams } from '../sandbox/connected.ts';
import { outsideFolder } from '../sandbox/outside-folder.ts';
import { startProcess } from '../sandbox/process.ts';
import { sendPush } from '../sandbox/push.ts';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);
/** The path of the code in the image. */
const CODE = '/opt/customer-sync';

/** The last line of the Dockerfile, with another path of the code. */
async function imageCommand(code: string): Promise<string[]> {
  const dockerfile = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
  const [, ...args] = z.array(z.string()).parse(JSON.parse(/^CMD (.*)$/m.exec(dockerfile)?.[1] ?? ''));
  return [process.execPath, ...args.map((arg) => arg.replace(CODE, code))];
}

t.test('the files in the image work without others', async (t) => {
  const app = outsideFolder(t, 'image');
  // Copies the files like the Dockerfile, without those that .dockerignore excludes.
  for (const name of ['package.json', 'config', 'handlers', 'routes', 'src'])
    cpSync(join(ROOT, name), join(app, name), { recursive: true });
  await rm(join(app, 'src/testing.ts'));
  for (const name of Object.keys(manifest.dependencies)) {
    await mkdir(dirname(join(app, 'node_modules', name)), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), join(app, 'node_modules', name));
  }

  await t.test('every module can be loaded, as the build does for its cache', async (t) => {
    const files: string[] = [];
    for await (const file of glob('{src,routes,handlers}/**/*.ts', { cwd: app }))
      if (!file.endsWith('main.ts')) files.push(pathToFileURL(join(app, file)).href);
    t.ok(files.length > 100);
    const code = `for (const file of ${JSON.stringify(files)}) await import(file)`;
    await t.resolves(run(process.execPath, ['--input-type=module', '-e', code], { cwd: app }));
  });

  await t.test('dev is not in the image, and reports that', async (t) => {
    const command = join(app, manifest.bin['customer-sync']);
    const { code, err } = await startCommand(t, ['dev'], {}, { cwd: app, command }).ended;
    t.equal(code, 2);
    t.match(
      err,
      /expected {2}the repository, or the npm package, which hold them\n {2}found {5}neither, as in the image/,
    );
  });

  await t.test('a Dockerfile of two lines adds your configuration and handlers', async (t) => {
    const upstreams = await startUpstreams(t);
    // FROM customer-sync, then COPY . . of a project that may have the npm package installed.
    const own = outsideFolder(t, 'image-app');
    await orderNoteProject(own);
    await writeFile(join(own, 'package.json'), '{ "name": "mine", "type": "commonjs" }');
    const service = await startProcess(t, upstreams.env, own, await imageCommand(app));
    t.match(service.lines, [
      {},
      { route: 'commercetools.connect.order.note', source: 'handlers/order-note.ts' },
    ]);
    const order = await upstreams.commercetools.createOrder();
    t.equal((await sendPush(`${service.url}/push`, orderPlaced(upstreams.commercetools, order))).status, 204);
    t.equal((await service.stop()).stderr, '');
  });

  await t.test('a mounted config, which contains settings only, breaks nothing', async (t) => {
    const { env } = await startUpstreams(t);
    const folder = t.testdir({ config: {} });
    await cp(join(ROOT, 'config/connector.yml'), join(folder, 'config/connector.yml'));
    const service = await startProcess(t, env, folder, await imageCommand(app));
    t.equal((await fetch(`${service.url}/health/ready`)).status, 200);
    await service.stop();
  });

  await t.test('without your own configuration, that of the image is read', async (t) => {
    const { env } = await startUpstreams(t);
    const service = await startProcess(t, env, t.testdir(), await imageCommand(app));
    t.equal((await fetch(`${service.url}/health/ready`)).status, 200);
    await service.stop();
  });
});
