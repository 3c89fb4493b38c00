import { randomUUID } from 'node:crypto';
import { type Current, emulatorOrSkip, type PubSubEmulator } from './pubsub-emulator.ts';

/** The variable that tells a test where the emulator of its run is. */
export const SHARED_EMULATOR = 'SHARED_EMULATOR_HOST';

/** The emulator of this run of the tests with a project that is this test's alone, or one of its own. */
export async function sharedEmulatorOrSkip(
  t: Current,
): Promise<Pick<PubSubEmulator, 'host' | 'projectId'> | undefined> {
  const host = process.env[SHARED_EMULATOR];
  return host ? { host, projectId: `sandbox-${randomUUID()}` } : emulatorOrSkip(t);
}
