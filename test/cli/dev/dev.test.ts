import { once } from 'node:events';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { writeLocalFile } from '../../../src/cli/dev/local-file.ts';
import { sharedEmulatorOrSkip } from '../../sandbox/shared-emulator.ts';
import { until } from '../../sandbox/until.ts';
import { runCommand, runProcess, startCommand } from '../command.ts';

const SHIPPED = join(import.meta.dirname, '../../../config/connector.yml');

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return String(typeof address === 'object' ? address?.port : address);
}

/** `dev` or `stand-ins` in a folder of its own, with a connector file that a test may change. */
async function develop(t: Test, ...args: string[]) {
  const folder = t.testdir();
  const config = join(folder, 'connector.yml');
  await cp(SHIPPED, config);
  const port = await freePort();
  let said = '';
  const onText = (text: string) => {
    said += text;
  };
  const command = startCommand(
    t,
    [...args, '--no-emulator', '--port', port],
    { CONNECTOR_CONFIG: config },
    { cwd: folder, onText },
  );
  const says = async (text: string | RegExp, from = 0) =>
    t.ok(await until(() => said.slice(from).search(text) >= 0), `says ${text}, said ${said.slice(from)}`);
  return { folder, config, command, says, said: () => said, url: `http://127.0.0.1:${port}` };
}

t.test('dev runs the service on stand-ins, and starts it again when the mapping changes', async (t) => {
  const { folder, config, command, says, said, url } = await develop(t, 'dev', '--traffic');
  await says(/Fluent holds .*"firstName":"Augusta"/);
  await says('traffic on');
  await says(/export FLUENT_API_URL=http:/);
  t.equal((await fetch(`${url}/health/ready`)).status, 200);

  await t.test('in a second terminal the commands work as they stand', async (t) => {
    const place = { cwd: folder };
    const { code, out, err } = await runProcess(
      t,
      ['sync', '--dry-run', '--json'],
      { CONNECTOR_CONFIG: config },
      place,
    );
    t.equal(code, 0, err);
    t.match(err, /The environment is that of \.env\.local/);
    t.match(out, /"dryRun":true/);
  });

  await t.test('another one on its port is refused, and leaves .env.local as it is', async (t) => {
    const before = await readFile(join(folder, '.env.local'), 'utf8');
    const args = ['dev', '--no-emulator', '--port', new URL(url).port];
    const { code, err } = await runCommand(args, { CONNECTOR_CONFIG: config }, { cwd: folder });
    t.equal(code, 2);
    t.match(err, /option --port\n {2}expected {2}.*no other program.*\n {2}found {5}\d+ \(EADDRINUSE\)/);
    t.equal(await readFile(join(folder, '.env.local'), 'utf8'), before);
  });

  const shipped = await readFile(config, 'utf8');
  await t.test('a changed mapping is seen in Fluent', async () => {
    await writeFile(
      config,
      shipped.replace('          locale: locale', '          greeting: "\'Dear \' & firstName"'),
    );
    await says(/connector\.yml has changed/);
    await says(/Fluent holds .*"greeting":"Dear Ada"/);
  });

  await t.test('a mapping at fault is told, and the next change starts the service again', async () => {
    const from = said().length;
    await writeFile(config, shipped.replace('firstName: firstName', 'firstName: "(("'));
    await says(
      /expected {2}props\.mapping\.firstName: a JSONata expression[\s\S]*The service ended with 1/,
      from,
    );
    await writeFile(config, shipped);
    await says(/The service ended with 1[\s\S]*Server listening[\s\S]*Fluent holds/, from);
  });

  await t.test('a file that leads to a real system is not used', async () => {
    const from = said().length;
    await writeFile(
      config,
      shipped.replace(/apiUrl: .*FLUENT_API_URL.*/, 'apiUrl: https://account.example.com'),
    );
    await says(/leads to https:\/\/account\.example\.com, which is no stand-in/, from);
    t.ok(
      await until(() =>
        fetch(url).then(
          () => false,
          () => true,
        ),
      ),
      'the service is stopped',
    );
  });

  command.kill('SIGINT');
  t.equal((await command.ended).code, 0);
  await t.rejects(readFile(join(folder, '.env.local')), { code: 'ENOENT' });
});

t.test('stand-ins is the same without the service', async (t) => {
  const { folder, command, says, url } = await develop(t, 'stand-ins');
  await says('.env.local');
  t.match(await readFile(join(folder, '.env.local'), 'utf8'), /^CTP_API_URL=http:\/\/127\.0\.0\.1:\d+$/m);
  await t.rejects(fetch(url));
  command.kill('SIGTERM');
  t.equal((await command.ended).code, 0);
});

t.test('the file of one that was started later in the same folder stays', async (t) => {
  const folder = t.testdir();
  const remove = await writeLocalFile(folder, { PORT: '1' });
  await writeLocalFile(folder, { PORT: '2' });
  await remove();
  t.match(await readFile(join(folder, '.env.local'), 'utf8'), 'PORT=2');
});

for (const name of ['dev', 'stand-ins'])
  t.test(`${name} is refused where it may not write .env.local`, async (t) => {
    const folder = t.testdir();
    const file = join(folder, '.env.local');
    await mkdir(file);
    const args = [name, '--no-emulator', '--port', await freePort()];
    const { code, out, err } = await runCommand(args, {}, { cwd: folder });
    t.equal(code, 2);
    t.equal(out, '');
    t.match(
      err,
      new RegExp(`\\n${file}\n {2}expected .*\n {2}found .*\\(EISDIR\\)\n {2}advice .*another folder`),
    );
  });

t.test('what provision refuses is told as it tells it', async (t) => {
  // `dev` starts an emulator of its own; without one it would say something else.
  if (!(await sharedEmulatorOrSkip(t))) return;
  const env = { CONNECTOR_CONFIG: join(t.testdir(), 'absent.yml') };
  const args = ['dev', '--port', await freePort()];
  const { code, err } = await runCommand(args, env, { cwd: t.testdir() });
  t.equal(code, 2, err);
  t.match(err, /absent\.yml\n {2}expected/);
  t.notMatch(err, /Something unexpected| {4}at |Command failed/);
});

t.test('an unknown fault, or no port, is told', async (t) => {
  const unknown = await runCommand(['dev', '--fault', 'elsewhere'], {});
  t.equal(unknown.code, 2);
  t.match(unknown.err, /option --fault\n {2}expected {2}one of fluent-down, /);
  t.equal((await runCommand(['stand-ins', '--port', 'x'], {})).code, 2);
});
