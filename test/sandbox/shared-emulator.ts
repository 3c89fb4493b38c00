import { randomUUID } from 'node:crypto';
import { type Current, emulatorOrSkip, type PubSubEmulator } from './pubsub-emulator.ts';

/** The variable with the host of the emulator that is shared by the tests of a run. */
export const SHARED_EMULATOR = 'SHARED_EMULATOR_HOST';

/** The shared emulator of the run, with a project for this test only; without one, starts an emulator. */
export async function sharedEmulatorOrSkip(
  t: Current,
): Promise<Pick<PubSubEmulator, 'host' | 'projectId'> | undefined> {
  const host = process.env[SHARED_EMULATOR];
  return host ? { host, projectId: `sandbox-${randomUUID()}` } : emulatorOrSkip(t);
}
