import { z } from 'zod';
import type { Commercetools } from '../../commercetools/commercetools.ts';
import { openPlace, unreadable } from './state-place.ts';

const SyncState = z.object({
  /** The selection it belongs to. */
  marks: z.record(z.string(), z.string()),
  /** Of the mapping that the run began with. A run of an earlier version did not keep it. */
  fingerprint: z.string().default(''),
  window: z.object({ since: z.string(), until: z.string() }).optional(),
  /** Everything up to here has ended well, or was rejected for good. */
  position: z.object({ id: z.string(), lastModifiedAt: z.string().optional() }).optional(),
  counts: z.record(z.string(), z.number()),
});

/** How far a run has come; no personal data. */
export type SyncState = z.output<typeof SyncState>;

/** Where a run keeps how far it has come. */
export interface Checkpoint {
  /** For a person. */
  readonly name: string;
  /** Undefined when there is none. Throws a `ConfigurationError` for one that cannot be read. */
  read(): Promise<SyncState | undefined>;
  write(state: SyncState): Promise<void>;
  remove(): Promise<void>;
}

/** The checkpoint that `--state` names: a path, or `custom-object:<container>/<key>` where there is no disk. */
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
