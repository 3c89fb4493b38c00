import { ConfigurationError } from '../../configuration-error.ts';
import { windowOf } from '../customers/query.ts';
import { marksOf, type Selection } from '../customers/selection.ts';
import type { Checkpoint, SyncState } from './checkpoint.ts';

interface Requested extends Omit<Selection, 'projectKey'> {
  readonly restart: boolean;
}

/**
 * Returns the state of an unfinished run of the same selection, or a new one. Throws a `ConfigurationError` if the unfinished
 * run has another selection.
 */
export async function resume(
  checkpoint: Checkpoint,
  requested: Requested,
  { projectKey, fingerprint }: { readonly projectKey: string; readonly fingerprint: string },
  now: number,
): Promise<SyncState> {
  const marks = marksOf({ ...requested, projectKey });
  const earlier = requested.restart ? undefined : await checkpoint.read();
  const window = requested.since === undefined ? undefined : windowOf(requested.since, now);
  if (!earlier) return { marks, fingerprint, counts: {}, ...(window && { window }) };
  const other = Object.keys(marks).filter((mark) => marks[mark] !== earlier.marks[mark]);
  if (other.length === 0) return earlier;
  throw new ConfigurationError([
    {
      where: checkpoint.name,
      expected: 'the state of a run with the same selection',
      found: `an unfinished run with another ${other.join(', ')}`,
      advice: 'Finish that run first, use another --state for this one, or start again with --restart.',
    },
  ]);
}
