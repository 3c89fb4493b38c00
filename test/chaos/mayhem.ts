import { setTimeout as wait } from 'node:timers/promises';
import type { Instances } from './instances.ts';
import type { Random } from './random.ts';

const SHORTEST_PAUSE_MILLISECONDS = 800;
const LONGEST_PAUSE_MILLISECONDS = 3_000;

/** Kills and drains instances until the signal, and replaces each one; at least one stays alive. */
export async function killAndReplace(
  instances: Instances,
  random: Random,
  signal: AbortSignal,
): Promise<void> {
  const replacing: Promise<unknown>[] = [];
  while (!signal.aborted) {
    const pause = random.between(SHORTEST_PAUSE_MILLISECONDS, LONGEST_PAUSE_MILLISECONDS);
    await wait(pause, undefined, { signal }).catch(() => undefined);
    const candidates = instances.live.filter(({ ended }) => ended === 'not');
    if (signal.aborted || candidates.length < 2) continue;
    const victim = random.pick(candidates);
    if (random.chance(0.6)) instances.kill(victim);
    else replacing.push(instances.drain(victim, { stillSent: random.chance(0.5) }));
    replacing.push(instances.start());
  }
  await Promise.all(replacing);
}
