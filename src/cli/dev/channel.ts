import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { openPubSub } from '../../dead-letters/pubsub-client.ts';
import { PACKAGE_ROOT } from '../../process/package-root.ts';
import { EXIT, type ExitCode } from '../io.ts';

/** How `customer-sync provision` failed: its own words and exit code. */
export interface ProvisionFault {
  readonly text: string;
  readonly code: ExitCode;
}

/** The way from commercetools to the service. */
export interface Channel {
  /** One sentence for a person. */
  readonly description: string;
  /** Further variables that the service and the commands need. */
  readonly env: Readonly<Record<string, string>>;
  /** Makes what the way consists of; returns what went wrong. */
  provision(
    env: Readonly<Record<string, string | undefined>>,
    signal: AbortSignal,
  ): Promise<ProvisionFault | undefined>;
  deliver(notification: unknown): void;
  close(): Promise<void>;
}

/**
 * Opens the way to the service at `url`: by the emulator if it is wanted and installed, else without a broker. Rejects
 * with the reason of the signal when it aborts.
 */
export async function openChannel(
  url: string,
  wantsEmulator: boolean,
  signal: AbortSignal,
): Promise<Channel> {
  const opened = wantsEmulator ? await emulatorChannel(url, signal) : { missing: '--no-emulator' };
  return 'missing' in opened ? directChannel(`${url}/push`, opened.missing) : opened;
}

/** Without a broker: each notification is pushed from here, and again where it is not acknowledged. */
async function directChannel(push: string, why: string): Promise<Channel> {
  const { deliver } = await import('../../../test/sandbox/demo-traffic.ts');
  const ending = new AbortController();
  return {
    description: `Notifications are pushed as Pub/Sub would push them, without it (${why}).`,
    env: {},
    provision: async () => undefined,
    deliver: (notification) => void deliver(push, notification, ending.signal),
    close: async () => ending.abort(),
  };
}

/** By Google's emulator, set up by `customer-sync provision` as the real Pub/Sub is; `missing` says what is not installed. */
async function emulatorChannel(
  endpoint: string,
  signal: AbortSignal,
): Promise<Channel | { readonly missing: string }> {
  const { startPubSubEmulator } = await import('../../../test/sandbox/pubsub-emulator.ts');
  const emulator = await startPubSubEmulator({ signal });
  if ('missing' in emulator) return emulator;
  const { host, projectId } = emulator;
  const client = await openPubSub({ projectId, emulatorHost: host });
  const topic = client.topic('customers', { batching: { maxMessages: 1 } });
  const command = join(PACKAGE_ROOT, 'src/cli/customer-sync.js');
  return {
    description: `Notifications go through Google's Pub/Sub emulator at ${host}.`,
    env: {
      PUBSUB_EMULATOR_HOST: host,
      GOOGLE_CLOUD_PROJECT: projectId,
      DEAD_LETTER_TOPIC: 'customers-dead-letters',
    },
    provision: (env, signal) =>
      new Promise((resolve) => {
        const args = [command, 'provision', `--endpoint=${endpoint}`];
        const child = execFile(execPath, args, { env: { ...env }, signal }, (error, _, said) => {
          const code = Object.values(EXIT).find((known) => known === error?.code) ?? EXIT.failed;
          resolve(error ? { text: said.trimEnd() || error.message, code } : undefined);
        });
        // SIGTERM alone would let it finish its request. What it sets up ends with the emulator, so nothing is lost.
        signal.addEventListener('abort', () => child.kill('SIGKILL'), { once: true });
      }),
    // One that is lost is as lost as the emulator: what follows shows it.
    deliver: (notification) => void topic.publishMessage({ json: notification }).catch(() => undefined),
    async close() {
      await client.close().catch(() => undefined);
      await emulator.stop();
    },
  };
}
