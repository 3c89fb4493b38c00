import { once } from 'node:events';
import { join } from 'node:path';
import { cwd } from 'node:process';
import { connectorFile } from '../../configuration/load.ts';
import { PACKAGE_ROOT } from '../../process/package-root.ts';
import { EXIT, type ExitCode, type Io } from '../io.ts';
import { accountsOrOne, describeAccounts, environmentOf, findUnknownAccount } from './accounts.ts';
import { type Channel, openChannel } from './channel.ts';
import { Examples } from './examples.ts';
import { Switches } from './faults.ts';
import { requireFreePort } from './free-port.ts';
import { KEYS, readKeys } from './keys.ts';
import { readable, resourceOf } from './lines.ts';
import { loadStandIns } from './load-stand-ins.ts';
import { requireWritableFile, writeLocalFile } from './local-file.ts';
import type { Options } from './options.ts';
import { Service } from './service.ts';
import { watchAll } from './watch.ts';

/** Runs the stand-ins, and the service if requested, until a signal or the key that ends it. */
export async function develop(options: Options, withService: boolean, io: Io): Promise<ExitCode> {
  if (withService) await requireFreePort(options.port);
  await requireWritableFile(cwd());
  try {
    return await run(options, withService, io);
  } catch (error) {
    // Interrupted while it waited for something at the start.
    if (error !== io.signal.reason) throw error;
    return EXIT.ok;
  }
}

async function run(options: Options, withService: boolean, io: Io): Promise<ExitCode> {
  // Whatever was started is stopped, also where a later step fails.
  await using started = new AsyncDisposableStack();
  const url = `http://127.0.0.1:${options.port}`;
  let channel: Channel | undefined;
  const { startStandIns, findRealSystem } = await loadStandIns();
  const config = connectorFile(io.env);
  const accounts = await accountsOrOne(config, io.env);
  const standIns = await startStandIns({
    accounts,
    onNotification: (notification) => channel?.deliver(notification),
  });
  started.defer(() => standIns.close());
  if (io.signal.aborted) return EXIT.ok;
  const opened = await openChannel(url, options.emulator, io.signal);
  channel = opened;
  started.defer(() => opened.close());
  if (io.signal.aborted) return EXIT.ok;
  const added = { ...environmentOf(accounts, standIns), PORT: String(options.port), ...opened.env };
  const env: Io['env'] = { ...io.env, ...added };
  const real = await findRealSystem(config, env, standIns);
  if (real !== undefined) {
    io.err(real);
    return EXIT.usage;
  }
  started.defer(await writeLocalFile(cwd(), added));
  const ending = new AbortController();
  const signal = AbortSignal.any([io.signal, ending.signal]);
  const switches = new Switches(standIns);
  const examples = await Examples.create(standIns);
  let traffic: { stop(): Promise<void> } | undefined;

  const service = new Service(env, {
    line(text) {
      io.out(readable(text));
      const held = examples.held(resourceOf(text));
      if (held !== undefined) io.out(`Fluent holds ${held}`);
    },
    // After each start, so that the first event shows what has changed.
    listening: () => void examples.change(),
    ended: (code) => io.err(`The service ended with ${code ?? 'a signal'}; a change starts it again.`),
  });
  started.defer(() => service.stop());
  started.defer(() => traffic?.stop());

  async function restart(why: string): Promise<void> {
    const refusal =
      (await findRealSystem(config, env, standIns)) ?? (await findUnknownAccount(config, io.env, accounts));
    if (refusal === undefined) {
      io.err(why);
      await service.restart();
    } else {
      await service.stop();
      io.err(refusal);
    }
  }

  async function toggleTraffic(): Promise<void> {
    io.err(`traffic ${traffic ? 'off' : 'on'}`);
    const running = traffic;
    traffic = undefined;
    if (running) return running.stop();
    const { startTraffic } = await import('../../../test/sandbox/demo-traffic.ts');
    const projects = standIns.accounts.map(({ commercetools }) => commercetools);
    traffic = await startTraffic({ commercetools: standIns.commercetools, projects, push: `${url}/push` });
  }

  io.out(
    Object.entries(added)
      .map(([name, value]) => `export ${name}=${value}`)
      .join('\n'),
  );
  io.err(`It stands in .env.local too, where \`npx customer-sync …\` finds it from another terminal in this folder.
${describeAccounts(accounts, standIns)}
${opened.description}
${io.terminal ? `${KEYS}\n` : ''}`);
  started.defer(
    readKeys(io.stdin, {
      toggleFault: (name) => io.err(`${name} ${switches.toggle(name)}`),
      toggleTraffic: () => void toggleTraffic(),
      changeCustomer: () => void examples.change(),
      placeOrder: () => void examples.order(),
      restart: () => void (withService && restart('Starting again.')),
      quit: () => ending.abort(),
    }),
  );
  if (withService) {
    const watched = watchAll(
      watchedBy(config, env),
      (files) => void restart(`${changed(files)}: starting again.`),
    );
    started.defer(() => watched.close());
  }
  if (signal.aborted) return EXIT.ok;
  const fault = await opened.provision(env, signal);
  if (signal.aborted) return EXIT.ok;
  if (fault) {
    io.err(fault.text);
    return fault.code;
  }
  for (const name of options.fault) io.err(`${name} ${switches.toggle(name)}`);
  if (withService) await restart(`The service starts at ${url}`);
  if (options.traffic) await toggleTraffic();
  if (!signal.aborted) await once(signal, 'abort');
  return EXIT.ok;
}

/** What starts the service again when it changes: the configuration, the handlers, and the code where it can be changed. */
function watchedBy(config: string, env: Readonly<Record<string, string | undefined>>): string[] {
  const own = (env['HANDLERS_DIR']?.trim() || 'handlers').split(',').map((folder) => folder.trim());
  const code = ['config', 'handlers', 'routes', 'src'].map((folder) => join(PACKAGE_ROOT, folder));
  return [...new Set([config, 'config/connector.yml', ...own.filter(Boolean), ...code])];
}

function changed([first, ...others]: readonly string[]): string {
  return others.length === 0 ? `${first} has changed` : `${first} and ${others.length} more have changed`;
}
