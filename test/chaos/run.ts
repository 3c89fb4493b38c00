import { setTimeout as wait } from 'node:timers/promises';
import { startCommercetools } from '../sandbox/commercetools.ts';
import type { Payload } from '../sandbox/commercetools-notifications.ts';
import { startFluent } from '../sandbox/fluent.ts';
import { sendPush } from '../sandbox/push.ts';
import { environmentFor } from '../sandbox/service.ts';
import { type Channel, openChannel, SERVICE_DEADLINE_SECONDS } from './channel.ts';
import { disturb } from './faults.ts';
import { Instances } from './instances.ts';
import { collectTokens, scanLog } from './log-scan.ts';
import { killAndReplace } from './mayhem.ts';
import type { ChaosOptions } from './options.ts';
import { type PushProxy, startProxy } from './proxy.ts';
import { seeded } from './random.ts';
import type { Report } from './report.ts';
import { type Evidence, judge } from './verdict.ts';
import { Publisher, work } from './workload.ts';

const PUSH_TOKEN = 'chaos-push-token-2f7d1c9b';
const COMMERCETOOLS = { clientId: 'chaos-client', clientSecret: 'chaos-ct-secret-51ae' };
const FLUENT = {
  clientId: 'chaos-fluent',
  clientSecret: 'chaos-fluent-secret-90cd',
  username: 'chaos-user',
  password: 'chaos-password-7713',
};
const SETTLE_MILLISECONDS = 120_000;
/** The emulator loses track of a message now and then: nothing is delivered, and nothing is there to pull either. */
const FORGOTTEN_MILLISECONDS = 20_000;
const PROGRESS_MILLISECONDS = 5_000;
/** A run may go on for as long after its push was answered. */
const AFTERMATH_MILLISECONDS = SERVICE_DEADLINE_SECONDS * 1_000;

/** Runs the whole proof; `say` takes lines of progress. Whatever happens, it leaves nothing running. */
export async function runChaos(options: ChaosOptions, say: (line: string) => void): Promise<Report> {
  const { seed } = options;
  const closers: (() => Promise<unknown> | unknown)[] = [];
  try {
    const { tokens, stop } = collectTokens();
    closers.push(stop);
    let notify = (_: Payload): void => undefined;
    const commercetools = await startCommercetools({
      credentials: COMMERCETOOLS,
      random: seeded(seed, 'ids').next,
      onNotification: (payload) => notify(payload),
    });
    closers.push(() => commercetools.close());
    const fluent = await startFluent({ credentials: FLUENT, random: seeded(seed, 'fluent').next });
    closers.push(() => fluent.close());
    const rotation: { current: Instances | undefined } = { current: undefined };
    const proxy = await startProxy(
      () => rotation.current?.live ?? [],
      seeded(seed, 'proxy'),
      SERVICE_DEADLINE_SECONDS,
    );
    closers.push(() => proxy.close());
    const endpoint = `${proxy.url}/push?token=${PUSH_TOKEN}`;
    const channel = await openChannel(options.pusher, endpoint, seeded(seed, 'pusher'));
    const closeChannel = once(() => channel.close());
    closers.push(closeChannel);
    const instances = new Instances({
      ...environmentFor(commercetools, fluent),
      ...channel.env,
      PUSH_AUTH: 'token',
      PUSH_TOKEN,
      LOG_LEVEL: 'debug',
      ACK_DEADLINE_SECONDS: String(SERVICE_DEADLINE_SECONDS),
      DUPLICATE_MEMORY_SECONDS: String(SERVICE_DEADLINE_SECONDS),
    });
    rotation.current = instances;
    closers.push(() => instances.stop());
    await Promise.all(Array.from({ length: options.instances }, () => instances.start()));
    say(`${options.instances} instances listen; pushes come from: ${channel.name}; seed ${seed}`);

    const publisher = new Publisher(channel, seeded(seed, 'publisher'));
    notify = (payload) => publisher.notify(payload);
    const progress = setInterval(
      () => say(line(proxy, publisher, channel, instances)),
      PROGRESS_MILLISECONDS,
    );
    closers.push(() => clearInterval(progress));

    proxy.disturb({ duplicate: 0.05, lostAck: 0.03 });
    const calm = new AbortController();
    closers.push(() => calm.abort());
    const striking = disturb(commercetools, fluent, seeded(seed, 'faults'), calm.signal);
    const killing = killAndReplace(instances, seeded(seed, 'kills'), calm.signal);
    // Both are awaited below; until then a rejection of one must not end the process.
    killing.catch(() => undefined);
    const milliseconds = options.minutes * 60_000;
    const worked = await work(commercetools, publisher, seeded(seed, 'work'), { ...options, milliseconds });
    await publisher.flush();
    calm.abort();
    const strikes = await striking;
    await killing;
    proxy.disturb({ duplicate: 0, lostAck: 0 });
    say('no more changes, faults or kills; waiting until Fluent equals commercetools');

    const evidence = (): Evidence => ({
      customers: commercetools.customers(),
      fluent: fluent.customers,
      published: publisher.ids,
      acknowledged: proxy.acknowledged,
      poison: worked.poison,
      deadLetters: channel.deadLetters,
    });
    const calmAt = performance.now();
    let pushedInstead = 0;
    const equal = await settled(evidence, async () => {
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
    // What still runs, and what is delivered once too often, must not spoil it either.
    await wait(AFTERMATH_MILLISECONDS);
    const verdict = judge(evidence());
    const deadLetters = channel.deadLetters.length;
    await closeChannel();
    await instances.stop();
    clearInterval(progress);

    const output = instances.all.flatMap(({ output, stderr }) => [...output, ...stderr, '\n']).join('');
    const secrets = [...tokens, PUSH_TOKEN, COMMERCETOOLS.clientSecret, FLUENT.clientSecret, FLUENT.password];
    const calls =
      sum(Object.values(commercetools.requests)) +
      fluent.requests.token.requests +
      fluent.requests.query.requests +
      fluent.requests.mutation.requests;
    return {
      pusher: channel.name,
      seed,
      instances: options.instances,
      customers: options.customers,
      changes: worked.changes,
      deleted: worked.deleted,
      events: publisher.ids.size,
      ...proxy.counts,
      pushedInstead,
      answers: Object.fromEntries(proxy.answers),
      shortestRedeliverySeconds: proxy.shortestRedeliverySeconds,
      shortestFromDeliverySeconds: proxy.shortestFromDeliverySeconds,
      kills: instances.kills,
      drains: instances.drains,
      faults: {
        commercetools: { ...commercetools.faultCounts },
        fluent: { ...fluent.faults.injected },
        others: { ...strikes },
      },
      deadLetters,
      lost: verdict.lost,
      stale: verdict.stale,
      wrong: verdict.wrong,
      verdictFaults: verdict.faults,
      logCharacters: output.length,
      logLeaks: scanLog(output, secrets),
      misbehaved: instances.misbehaved,
      stderr: instances.all.flatMap(({ stderr }) => stderr),
      secondsUntilEqual,
      callsPerEvent: calls / Math.max(1, publisher.ids.size),
      output,
    };
  } finally {
    for (const close of closers.reverse()) await Promise.resolve(close()).catch(() => undefined);
  }
}

/** Waits until nothing is wrong any more, with a bound; says whether it came to that. */
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

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function once(close: () => Promise<unknown>): () => Promise<unknown> {
  let closed: Promise<unknown> | undefined;
  return () => {
    closed ??= close();
    return closed;
  };
}
