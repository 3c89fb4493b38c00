import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import type { CommercetoolsSandbox } from '../sandbox/commercetools.ts';
import type { Payload } from '../sandbox/commercetools-notifications.ts';
import { sendPush } from '../sandbox/push.ts';
import { type Channel, openChannel, SERVICE_DEADLINE_SECONDS } from './channel.ts';
import { type Configuration, describe } from './configuration.ts';
import { writeConnector } from './connector-file.ts';
import { disturb } from './faults.ts';
import { Instances } from './instances.ts';
import { Lives } from './lives.ts';
import { collectTokens, scanLog } from './log-scan.ts';
import { killAndReplace } from './mayhem.ts';
import type { ChaosOptions } from './options.ts';
import { Population } from './population.ts';
import { type PushProxy, startProxy } from './proxy.ts';
import { Publisher } from './publisher.ts';
import { seeded } from './random.ts';
import type { Report } from './report.ts';
import { startUpstreams } from './upstreams.ts';
import { type Evidence, judge } from './verdict.ts';
import { work } from './workload.ts';

const PUSH_TOKEN = 'chaos-push-token-2f7d1c9b';
const SETTLE_MILLISECONDS = 120_000;
/** The emulator sometimes loses a message: it is neither delivered nor can it be pulled. */
const FORGOTTEN_MILLISECONDS = 20_000;
const PROGRESS_MILLISECONDS = 5_000;
/** A run may continue for this time after its push was answered. */
const AFTERMATH_MILLISECONDS = SERVICE_DEADLINE_SECONDS * 1_000;

/** Runs the chaos proof; `say` receives lines of progress. It always stops everything that it started. */
export async function runChaos(options: ChaosOptions, say: (line: string) => void): Promise<Report> {
  const { seed } = options;
  const closers: (() => Promise<unknown> | unknown)[] = [];
  try {
    const { tokens, stop } = collectTokens();
    closers.push(stop);
    const { configuration } = options;
    const lives = new Lives(configuration.username);
    let publish = (_: Payload): void => undefined;
    const upstreams = await startUpstreams(configuration, seed, (payload, { commercetools, account }) => {
      note(lives, payload, commercetools, account);
      publish(payload);
    });
    closers.push(() => upstreams.close());
    const rotation: { current: Instances | undefined } = { current: undefined };
    const proxy = await startProxy(
      () => rotation.current?.live ?? [],
      seeded(seed, 'proxy'),
      SERVICE_DEADLINE_SECONDS,
    );
    closers.push(() => proxy.close());
    const endpoint = `${proxy.url}/push?token=${PUSH_TOKEN}`;
    const channel = await openChannel(
      options.pusher,
      endpoint,
      seeded(seed, 'pusher'),
      !configuration.collisions,
    );
    const closeChannel = once(() => channel.close());
    closers.push(closeChannel);
    const instances = new Instances({
      ...upstreams.env,
      ...(await connectorFor(configuration, closers)),
      FLUENT_BATCH: String(configuration.batch),
      PUSH_AUTH: 'token',
      PUSH_TOKEN,
      ...channel.env,
      LOG_LEVEL: 'debug',
      ACK_DEADLINE_SECONDS: String(SERVICE_DEADLINE_SECONDS),
      DUPLICATE_MEMORY_SECONDS: String(SERVICE_DEADLINE_SECONDS),
    });
    rotation.current = instances;
    closers.push(() => instances.stop());
    await Promise.all(Array.from({ length: options.instances }, () => instances.start()));
    say(
      `${options.instances} instances listen; pushes come from: ${channel.name}; seed ${seed}; ${describe(configuration)}`,
    );

    await channel.handshake?.();
    const publisher = new Publisher(channel, seeded(seed, 'publisher'));
    publish = (payload) => publisher.notify(payload);
    const progress = setInterval(
      () => say(line(proxy, publisher, channel, instances)),
      PROGRESS_MILLISECONDS,
    );
    closers.push(() => clearInterval(progress));

    proxy.disturb({ duplicate: 0.05, lostAck: 0.03 });
    const calm = new AbortController();
    closers.push(() => calm.abort());
    const commercetools = upstreams.projects.map((project) => project.commercetools);
    const striking = disturb(commercetools, upstreams.accounts, seeded(seed, 'faults'), calm.signal);
    const killing = killAndReplace(instances, seeded(seed, 'kills'), calm.signal);
    // Both are awaited below; until then a rejection must not end the process.
    killing.catch(() => undefined);
    const milliseconds = options.minutes * 60_000;
    const population = new Population(upstreams.projects, configuration, lives, seeded(seed, 'people'));
    const worked = await work(
      population,
      publisher,
      seeded(seed, 'work'),
      configuration,
      commercetools[0]?.projectKey ?? '',
      { ...options, milliseconds },
    );
    await publisher.flush();
    calm.abort();
    const strikes = await striking;
    await killing;
    proxy.disturb({ duplicate: 0, lostAck: 0 });
    say('no more changes, faults or kills; waiting until Fluent equals commercetools');

    const evidence = (): Evidence => ({
      lives: lives.all,
      fluent: upstreams.accounts.map((account) => account.customers),
      onDelete: configuration.collisions ? configuration.onDelete : undefined,
      deletionTells: configuration.username !== 'email',
      published: publisher.ids,
      acknowledged: proxy.acknowledged.union(channel.givenUp ?? new Set()),
      poison: worked.poison,
      deadLetters: channel.deadLetters,
    });
    const calmAt = performance.now();
    let pushedInstead = 0;
    let redriven = 0;
    const equal = await settled(evidence, async () => {
      redriven = channel.redrive?.() ?? 0;
      if (!channel.forgets) return;
      const open = [...publisher.ids].filter((id) => !proxy.acknowledged.has(id));
      const silent = performance.now() - proxy.lastDeliveryAt > FORGOTTEN_MILLISECONDS;
      if (!silent || open.length === 0) return;
      pushedInstead += open.length;
      await Promise.all(
        open.map(async (messageId) => {
          const message = publisher.message(messageId);
          if (message) await sendPush(endpoint, message.data, { messageId, attributes: message.attributes });
        }),
      );
    });
    const secondsUntilEqual = equal ? (performance.now() - calmAt) / 1000 : undefined;
    // Runs in flight and additional deliveries must not change the result either.
    await wait(AFTERMATH_MILLISECONDS);
    const verdict = judge(evidence());
    const deadLetters = channel.deadLetters.length;
    await closeChannel();
    await instances.stop();
    clearInterval(progress);

    const output = instances.all.flatMap(({ output, stderr }) => [...output, ...stderr, '\n']).join('');
    const secrets = [...tokens, PUSH_TOKEN, ...upstreams.secrets];
    return {
      pusher: channel.name,
      configuration: describe(configuration),
      seed,
      instances: options.instances,
      customers: options.customers,
      changes: worked.changes,
      deleted: lives.all.filter(({ deleted }) => deleted).length,
      events: publisher.ids.size,
      ...proxy.counts,
      pushedInstead,
      redriven,
      answers: Object.fromEntries(proxy.answers),
      shortestRedeliverySeconds: proxy.shortestRedeliverySeconds,
      shortestFromDeliverySeconds: proxy.shortestFromDeliverySeconds,
      kills: instances.kills,
      drains: instances.drains,
      faults: {
        commercetools: sums(commercetools.map(({ faultCounts }) => faultCounts)),
        fluent: sums(upstreams.accounts.map(({ faults }) => faults.injected)),
        others: { ...strikes },
      },
      deadLetters,
      lost: verdict.lost,
      stale: verdict.stale,
      wrong: verdict.wrong,
      overwritten: verdict.overwritten,
      left: verdict.left,
      verdictFaults: verdict.faults,
      logCharacters: output.length,
      logLeaks: scanLog(output, secrets),
      misbehaved: instances.misbehaved,
      stderr: instances.all.flatMap(({ stderr }) => stderr),
      secondsUntilEqual,
      callsPerEvent: upstreams.requests() / Math.max(1, publisher.ids.size),
      output,
    };
  } finally {
    for (const close of closers.reverse()) await Promise.resolve(close()).catch(() => undefined);
  }
}

/** Waits until the verdict has no faults, with a limit; returns false when the limit is reached. */
async function settled(evidence: () => Evidence, look: () => Promise<void>): Promise<boolean> {
  const end = performance.now() + SETTLE_MILLISECONDS;
  while (performance.now() < end) {
    if (judge(evidence()).faults.length === 0) return true;
    await look();
    await wait(100);
  }
  return false;
}

function line(proxy: PushProxy, { ids }: Publisher, { deadLetters }: Channel, instances: Instances): string {
  const open = [...ids].filter((id) => !proxy.acknowledged.has(id)).length;
  return (
    `published ${ids.size}, not acknowledged ${open}, deliveries ${proxy.counts.deliveries}, kills ${instances.kills}, ` +
    `drains ${instances.drains}, alive ${instances.live.length}, dead letters ${deadLetters.length}`
  );
}

/** Records the new state of a customer. */
function note(
  lives: Lives,
  { notificationType, resource }: Payload,
  commercetools: CommercetoolsSandbox,
  account: number,
): void {
  const { id } = Resource.parse(resource);
  const customer = commercetools.customer(id);
  if (notificationType === 'ResourceDeleted') lives.deleted(id);
  else if (customer !== undefined) lives.changed(customer, commercetools.projectKey, account);
}

const Resource = z.object({ id: z.string() });

/** Returns the variable with the connector file for the configuration; none for the shipped file. */
async function connectorFor(
  configuration: Configuration,
  closers: (() => Promise<unknown> | unknown)[],
): Promise<Record<string, string>> {
  if (!configuration.collisions) return {};
  const folder = await mkdtemp(join(tmpdir(), 'chaos-connector-'));
  closers.push(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'connector.yml');
  await writeConnector(path, configuration);
  return { CONNECTOR_CONFIG: path };
}

function sums(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const one of all)
    for (const [name, count] of Object.entries(one)) total[name] = (total[name] ?? 0) + count;
  return total;
}

function once(close: () => Promise<unknown>): () => Promise<unknown> {
  let closed: Promise<unknown> | undefined;
  return () => {
    closed ??= close();
    return closed;
  };
}
