import { z } from 'zod';
import type { Commercetools } from '../../commercetools/commercetools.ts';
import { besidePlace } from './state-place.ts';

const FullSync = z.object({
  /** Of the mapping that every customer was written with. */
  fingerprint: z.string(),
  /** ISO 8601. */
  finishedAt: z.string(),
});

/** The last run that brought every customer of a project to Fluent. */
export type FullSync = z.output<typeof FullSync>;

const ByProject = z.record(z.string(), FullSync);

/** The last full run for a project; undefined where none is kept beside the place that `--state` names. */
export async function readLastFullSync(
  state: string,
  commercetools: Commercetools,
  projectKey: string,
): Promise<FullSync | undefined> {
  const kept = ByProject.safeParse(await besidePlace(state, commercetools).read());
  return kept.data?.[projectKey];
}

/** Keeps a full run of a project, beside those of the others. */
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
