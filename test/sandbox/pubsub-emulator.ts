import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, readdir, realpath } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { PubSub } from '@google-cloud/pubsub';
import { freePort } from './free-port.ts';

const START_MILLISECONDS = 120_000;
const HOW_TO_GET_IT =
  'run `gcloud components install pubsub-emulator`, install the Debian package google-cloud-cli-pubsub-emulator, or set PUBSUB_EMULATOR_JAR';

// Ends Java when its standard input ends: at stop(), and when this process exits or is killed.
const GUARD = '"$@" </dev/null >/dev/null 2>&1 & java=$!; cat >/dev/null; kill -9 $java; wait $java';

export interface PubSubEmulator {
  /** `127.0.0.1:<port>`, the value of PUBSUB_EMULATOR_HOST. */
  readonly host: string;
  readonly projectId: string;
  stop(): Promise<void>;
}

export interface EmulatorOptions {
  /** Where the emulator and Java are looked for; this process's own when left out. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

/** The part of a tap test that is used. */
export interface Current {
  fail(reason: string): unknown;
  plan(count: number, reason?: string): unknown;
  teardown(stop: () => Promise<void>): unknown;
}

export interface PushSubscription {
  /** At least 3 characters; the other names are derived from it. */
  readonly topic: string;
  readonly endpoint: string;
  /** 10 to 600. */
  readonly ackDeadlineSeconds?: number;
  readonly minimumBackoffSeconds?: number;
  readonly maximumBackoffSeconds?: number;
  /** 5 to 100. */
  readonly maxDeliveryAttempts?: number;
}

export interface PushChannel {
  readonly client: PubSub;
  readonly topic: string;
  readonly subscription: string;
  readonly deadLetterTopic: string;
  readonly deadLetterSubscription: string;
  /** Publishes to the topic; returns the message id. */
  publish(payload: unknown, attributes?: Record<string, string>): Promise<string>;
  /** The messages in the dead-letter topic so far; the list grows by itself. */
  readonly deadLetters: ReadonlyArray<{ readonly data: string; readonly attributes: Record<string, string> }>;
  close(): Promise<void>;
}

/**
 * Starts Google's Pub/Sub emulator on a free port of 127.0.0.1; `missing` tells what is not installed and how to get it.
 * When `signal` aborts, everything that was started is stopped, and the promise rejects with the signal's reason.
 */
export async function startPubSubEmulator({
  environment = process.env,
  signal,
}: EmulatorOptions = {}): Promise<PubSubEmulator | { missing: string }> {
  const jar = await findJar(environment, signal);
  if (jar === undefined) return { missing: `Google's Pub/Sub emulator was not found: ${HOW_TO_GET_IT}.` };
  const java = await findInPath('java', environment);
  if (java === undefined)
    return { missing: "Java was not found, which Google's Pub/Sub emulator needs: install a JRE." };
  const host = `127.0.0.1:${await freePort()}`;
  signal?.throwIfAborted();
  const [address = '', port = ''] = host.split(':');
  // The process is short-lived, so optimised compilation would cost more than it saves.
  const flags = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  const command = [java, ...flags, '-jar', jar, `--host=${address}`, `--port=${port}`];
  const child = spawn('/bin/sh', ['-c', GUARD, 'pubsub-emulator', ...command], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const ended = once(child, 'exit');
  child.unref();
  const stop = async () => {
    child.stdin?.end();
    child.ref();
    const late = setTimeout(() => killGroup(child.pid), 5_000);
    await ended;
    clearTimeout(late);
  };
  if (await answers(host, signal)) return { host, projectId: 'sandbox-project', stop };
  await stop();
  signal?.throwIfAborted();
  throw new Error(
    `Expected ${jar} to answer on ${host} within ${START_MILLISECONDS / 1000} s, found nothing there.`,
  );
}

/**
 * Starts an emulator for this test only, stopped at its end; `sharedEmulatorOrSkip` is cheaper. If it is not installed, the
 * test is skipped with the reason, and fails in CI.
 */
export async function emulatorOrSkip(
  t: Current,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<PubSubEmulator | undefined> {
  const emulator = await startPubSubEmulator({ environment });
  if (!('missing' in emulator)) {
    t.teardown(() => emulator.stop());
    return emulator;
  }
  return missingOrSkip(t, emulator.missing, environment);
}

/** Fails the test in CI, and skips it elsewhere. */
export function missingOrSkip(
  t: Current,
  missing: string,
  environment: NodeJS.ProcessEnv = process.env,
): undefined {
  if (environment['CI'] === 'true') t.fail(missing);
  else t.plan(0, missing);
  return undefined;
}

/** Creates a topic, a push subscription on it, and a dead-letter topic with a subscription to pull from. */
export async function createPushSubscription(
  { host, projectId }: Pick<PubSubEmulator, 'host' | 'projectId'>,
  options: PushSubscription,
): Promise<PushChannel> {
  const { topic, endpoint, ackDeadlineSeconds = 10, maxDeliveryAttempts = 5 } = options;
  const { minimumBackoffSeconds = 0, maximumBackoffSeconds = 1 } = options;
  const { PubSub } = await import('@google-cloud/pubsub');
  const { PassThroughClient } = await import('google-auth-library');
  // Without an auth client the library requests credentials from Google's metadata server.
  const authClient = new PassThroughClient();
  const client = new PubSub({ projectId, apiEndpoint: host, emulatorMode: true, authClient });
  const names = {
    topic: `projects/${projectId}/topics/${topic}`,
    subscription: `projects/${projectId}/subscriptions/${topic}-push`,
    deadLetterTopic: `projects/${projectId}/topics/${topic}-dead-letters`,
    deadLetterSubscription: `projects/${projectId}/subscriptions/${topic}-dead-letters`,
  };
  await Promise.all([client.createTopic(names.topic), client.createTopic(names.deadLetterTopic)]);
  await client.createSubscription(names.deadLetterTopic, names.deadLetterSubscription);
  await client.createSubscription(names.topic, names.subscription, {
    pushEndpoint: endpoint,
    ackDeadlineSeconds,
    retryPolicy: {
      minimumBackoff: { seconds: minimumBackoffSeconds },
      maximumBackoff: { seconds: maximumBackoffSeconds },
    },
    deadLetterPolicy: { deadLetterTopic: names.deadLetterTopic, maxDeliveryAttempts },
  });
  const deadLetters: Array<{ data: string; attributes: Record<string, string> }> = [];
  const deadLettered = client.subscription(names.deadLetterSubscription);
  deadLettered.on('message', (message) => {
    deadLetters.push({ data: message.data.toString(), attributes: message.attributes });
    message.ack();
  });
  // After an error of the stream the array stays empty, and the test that waits for it fails.
  deadLettered.on('error', () => undefined);
  const publisher = client.topic(names.topic, { batching: { maxMessages: 1 } });
  return {
    client,
    ...names,
    publish(payload, attributes = {}) {
      const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
      return publisher.publishMessage({ data: Buffer.from(text), attributes });
    },
    deadLetters,
    async close() {
      await deadLettered.close();
      await client.subscription(names.subscription).delete();
      await client.close();
    },
  };
}

async function findJar(
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const given = environment['PUBSUB_EMULATOR_JAR'];
  if (given) return (await exists(given)) ? given : undefined;
  const gcloud = await findInPath('gcloud', environment);
  const roots = [
    // First, because gcloud needs most of a second to say where it is installed.
    async () => gcloud && dirname(dirname(await realpath(gcloud))),
    async () => gcloud && (await sdkRoot(gcloud, signal)),
    async () => '/usr/lib/google-cloud-sdk',
  ];
  for (const root of roots) {
    const folder = await root();
    const jar = folder && (await jarIn(join(folder, 'platform', 'pubsub-emulator', 'lib')));
    if (jar) return jar;
  }
  return undefined;
}

async function sdkRoot(gcloud: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  signal?.throwIfAborted();
  const options = { timeout: 120_000, killSignal: 'SIGKILL', ...(signal && { signal }) } as const;
  const running = promisify(execFile)(gcloud, ['info', '--format=value(installation.sdk_root)'], options);
  // `execFile` itself sends SIGTERM when it is aborted, and a program that ignores it would keep this process from ending.
  signal?.addEventListener('abort', () => running.child.kill('SIGKILL'), { once: true });
  try {
    const { stdout } = await running;
    return stdout.trim() || undefined;
  } catch {
    signal?.throwIfAborted();
    // Without an answer of gcloud, only the usual folders are searched.
    return undefined;
  }
}

async function jarIn(folder: string): Promise<string | undefined> {
  const names = await readdir(folder).catch(() => []);
  const name = names.find((one) => /^cloud-pubsub-emulator-.*-all\.jar$/.test(one));
  return name && join(folder, name);
}

async function findInPath(name: string, environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (environment['PATH'] ?? '').split(delimiter)) {
    if (folder !== '' && (await exists(join(folder, name)))) return join(folder, name);
  }
  return undefined;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** False when it is aborted, too. */
async function answers(host: string, aborted: AbortSignal | undefined): Promise<boolean> {
  const end = performance.now() + START_MILLISECONDS;
  const given = aborted ? [aborted] : [];
  while (performance.now() < end && !aborted?.aborted) {
    const signal = AbortSignal.any([AbortSignal.timeout(10_000), ...given]);
    const response = await fetch(`http://${host}/`, { signal }).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok) return true;
    await wait(100);
  }
  return false;
}

function killGroup(pid: number | undefined): void {
  if (pid !== undefined) process.kill(-pid, 'SIGKILL');
}
