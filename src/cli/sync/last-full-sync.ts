import { z } from 'zod';
import type { Commercetools } from '../../commercetools/commercetools.ts';
import { besidePlace } from './state-place.ts';

const FullSync = z.object({
  /** The fingerprint of the mapping of the run. */
  fingerprint: z.string(),
  /** ISO 8601. */
  finishedAt: z.string(),
});

/** The last run that wrote every customer of a project to Fluent. */
export type FullSync = z.output<typeof FullSync>;

const ByProject = z.record(z.string(), FullSync);

/** Reads the last full run of a project; undefined if none is stored beside the state that `--state` names. */
export async function readLastFullSync(
  state: string,
  commercetools: Commercetools,
  projectKey: string,
): Promise<FullSync | undefined> {
  const kept = ByProject.safeParse(await besidePlace(state, commercetools).read());
  return kept.data?.[projectKey];
}

/** Stores the last full run of a project, and keeps those of other projects. */
export async function keepLastFullSync(
  state: string,
  commercetools: Commercetools,
  projectKey: string,
  run: FullSync,
): Promise<void> {
  const place = besidePlace(state, commercetools);
  const kept = ByProject.safeParse(await place.read());
  await place.write({ ...kept.data, [projectKey]: run });
}
