import { z } from 'zod';
import type { Commercetools } from '../../commercetools/commercetools.ts';
import { openPlace, unreadable } from './state-place.ts';

const SyncState = z.object({
  /** The selection of the run. */
  marks: z.record(z.string(), z.string()),
  /** The fingerprint of the mapping at the start of the run; empty in the state of an older version. */
  fingerprint: z.string().default(''),
  window: z.object({ since: z.string(), until: z.string() }).optional(),
  /** The last customer of the finished part: every customer up to here succeeded or was reported. */
  position: z.object({ id: z.string(), lastModifiedAt: z.string().optional() }).optional(),
  counts: z.record(z.string(), z.number()),
});

/** The progress of a run. Contains no personal data. */
export type SyncState = z.output<typeof SyncState>;

/** Stores the progress of a run. */
export interface Checkpoint {
  /** The name in messages. */
  readonly name: string;
  /** Undefined when there is none. Throws a `ConfigurationError` for one that cannot be read. */
  read(): Promise<SyncState | undefined>;
  write(state: SyncState): Promise<void>;
  remove(): Promise<void>;
}

/** Opens the checkpoint of `--state`: a path, or `custom-object:<container>/<key>` where there is no disk. */
export function openCheckpoint(name: string, commercetools: Commercetools): Checkpoint {
  const place = openPlace(name, commercetools);
  return {
    ...place,
    async read() {
      const value = await place.read();
      if (value === undefined) return undefined;
      const state = SyncState.safeParse(value);
      if (!state.success) throw unreadable(name, 'another content');
      return state.data;
    },
  };
}
