import t from 'tap';
import { z } from 'zod';
import { leaseDeadLetters } from '../../src/cli/dead-letters/lease.ts';
import { drop, Options } from '../../src/cli/dead-letters/subcommands.ts';
import { openGoogle } from '../../src/cli/google/client.ts';
import type { Io } from '../../src/cli/io.ts';
import { readEnvironment } from '../../src/configuration/environment.ts';
import { connect, startUpstreams } from '../sandbox/connected.ts';
import { sendPush } from '../sandbox/push.ts';
import { sharedEmulatorOrSkip } from '../sandbox/shared-emulator.ts';
import { runCommand, runProcess } from './command.ts';

const List = z.object({
  groups: z.array(z.object({ reason: z.string(), count: z.number() })),
  letters: z.array(z.object({ messageId: z.string(), reason: z.string(), resource: z.string().nullable() })),
});

t.test('dead letters', async (t) => {
  const [emulator, upstreams] = await Promise.all([sharedEmulatorOrSkip(t), startUpstreams(t)]);
  if (emulator === undefined) return;
  const { commercetools, fluent, env: joined } = upstreams;
  const env = {
    ...joined,
    PUSH_AUTH: 'none',
    PUBSUB_EMULATOR_HOST: emulator.host,
    GOOGLE_CLOUD_PROJECT: emulator.projectId,
    DEAD_LETTER_TOPIC: 'customers-dead-letters',
  };
  const made = await runCommand(['provision', '--endpoint=http://127.0.0.1:9/'], env);
  t.equal(made.code, 0, made.err);
  const service = await connect(t, upstreams, env);

  async function list(run: typeof runCommand = runCommand) {
    const { code, out, err } = await run(['dead-letters', 'list', '--json'], env);
    t.equal(code, 0, err);
    return { out, ...List.parse(JSON.parse(out)) };
  }

  // Longer than Fluent's maximum. An e-mail address is never cut, because the rest could be another person's address.
  const email = `${'a'.repeat(250)}@example.com`;
  const customer = await commercetools.createCustomer({ email, password: 'secret' });
  const change = (version: number) => ({
    notificationType: 'ResourceUpdated',
    projectKey: commercetools.projectKey,
    resource: { typeId: 'customer', id: customer.id },
    version,
  });
  const answers = await Promise.all([
    sendPush(`${service.url}/push`, change(customer.version)),
    sendPush(`${service.url}/push`, 'pii@example.com'),
  ]);
  t.same(
    answers.map(({ status }) => status),
    [204, 204],
  );

  let undecodable = '';
  await t.test(
    'list prints the dead letters with their reasons, repeatedly, and without personal data',
    async (t) => {
      const { out, groups, letters } = await list((...given) => runProcess(t, ...given));
      t.same(groups.map(({ reason, count }) => [reason, count]).sort(), [
        ['no-email', 1],
        ['undecodable', 1],
      ]);
      t.match(letters.find(({ reason }) => reason === 'no-email')?.resource, `customer/${customer.id}`);
      t.notMatch(out, /@example/);
      const again = await list();
      t.equal(again.letters.length, 2);
      undecodable = again.letters.find(({ reason }) => reason === 'undecodable')?.messageId ?? '';
    },
  );

  await t.test('show prints the payload only with --reveal', async (t) => {
    const kept = await runCommand(['dead-letters', 'show', undecodable], env);
    t.match(kept, { code: 0, out: /shown with --reveal/ });
    t.notMatch(kept.out, /pii@/);
    t.match(await runCommand(['dead-letters', 'show', undecodable, '--reveal'], env), {
      code: 0,
      out: /pii@/,
    });
  });

  await t.test('a dead letter that is rejected again remains', async (t) => {
    const { code, out } = await runProcess(t, ['dead-letters', 'replay', '--all'], env);
    t.equal(code, 1);
    t.match(out, /rejected \(no-email\)/);
    t.match(out, /0 succeeded and were removed, 2 remain/);
  });

  await t.test('a dead letter that succeeds is removed, and its customer is in Fluent', async (t) => {
    await commercetools.updateCustomer(customer.id, [{ action: 'changeEmail', email: 'short@example.com' }]);
    const { code, out, err } = await runCommand(['dead-letters', 'replay', '--reason', 'no-email'], env);
    t.equal(code, 0, out + err);
    t.match(out, /done \(created\)/);
    t.equal(fluent.customers.get(customer.id)?.primaryEmail, 'short@example.com');
    t.same(
      (await list()).letters.map(({ reason }) => reason),
      ['undecodable'],
    );
  });

  await t.test('a dead letter that no route matches remains', async (t) => {
    const read = readEnvironment(env);
    if (!('environment' in read)) throw new Error('Expected an environment without faults.');
    const google = await openGoogle(read.environment);
    const order = { ...change(1), resource: { typeId: 'order', id: customer.id } };
    await google.client.topic('customers-dead-letters').publishMessage({
      data: Buffer.from(JSON.stringify(order)),
      attributes: { reason: 'mended-since', deadLetteredAt: new Date().toISOString() },
    });
    const { code, out } = await runCommand(['dead-letters', 'replay', '--reason', 'mended-since'], env);
    t.equal(code, 1);
    t.match(out, /ignored \(no-route\)/);
    t.match(out, /0 succeeded and were removed, 1 remain/);
    t.match(out, /1 ignored: no handler processed them/);
    t.equal((await list()).letters.length, 2);

    // A drop after the end of the lease drops nothing, although Pub/Sub accepts the acknowledgement.
    let now = Date.now();
    const subscription = `projects/${emulator.projectId}/subscriptions/customers-dead-letters`;
    const signal = new AbortController().signal;
    const lease = await leaseDeadLetters(google, {
      subscription,
      limit: 10,
      seconds: 30,
      signal,
      now: () => now,
    });
    t.equal(lease.letters.length, 2);
    now += 31_000;
    const lines: string[] = [];
    const io: Io = {
      env,
      stdin: process.stdin,
      out: (line) => lines.push(line),
      err: (line) => lines.push(line),
      terminal: false,
      signal,
      configuration: () => Promise.reject(new Error('Nothing asks for it.')),
    };
    const options = Options.parse({ limit: 10, all: true, yes: true });
    t.equal(await drop(lease, undefined, options, io), 1);
    t.match(lines, ['0 dropped.', /2 remain/]);
    await lease.close();
    await google.close();
    t.equal((await list()).letters.length, 2);
    const gone = await runCommand(['dead-letters', 'drop', '--reason', 'mended-since', '--yes'], env);
    t.match(gone, { code: 0, out: /1 dropped/ });
  });

  await t.test('drop removes after a confirmation', async (t) => {
    const asked = await runCommand(['dead-letters', 'drop', '--all'], env, { input: 'n\n' });
    t.match(asked, { code: 0, err: /Drop 1 \(1 undecodable\)\?/ });
    const dropped = await runCommand(['dead-letters', 'drop', '--all', '--yes'], env);
    t.match(dropped, { code: 0, out: /1 dropped/ });
    t.same((await list()).letters, []);
  });

  await t.test('replay and drop require a selection', async (t) => {
    t.match(await runCommand(['dead-letters', 'replay'], env), { code: 2, err: /--reason/ });
  });
});
