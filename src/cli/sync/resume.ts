import { ConfigurationError } from '../../configuration-error.ts';
import { windowOf } from '../customers/query.ts';
import { marksOf, type Selection } from '../customers/selection.ts';
import type { Checkpoint, SyncState } from './checkpoint.ts';

interface Asked extends Omit<Selection, 'projectKey'> {
  readonly restart: boolean;
}

/** The state to begin with: that of an earlier run of the same selection, or a new one. Throws a `ConfigurationError` for one of another. */
export async function resume(
  checkpoint: Checkpoint,
  asked: Asked,
  { projectKey, fingerprint }: { readonly projectKey: string; readonly fingerprint: string },
  now: number,
): Promise<SyncState> {
  const marks = marksOf({ ...asked, projectKey });
  const earlier = asked.restart ? undefined : await checkpoint.read();
  const window = asked.since === undefined ? undefined : windowOf(asked.since, now);
  if (!earlier) return { marks, fingerprint, counts: {}, ...(window && { window }) };
  const other = Object.keys(marks).filter((mark) => marks[mark] !== earlier.marks[mark]);
  if (other.length === 0) return earlier;
  throw new ConfigurationError([
    {
      where: checkpoint.name,
      expected: 'the state of a run with the same selection',
      found: `one with another ${other.join(', ')}, not finished`,
      advice: 'Finish that run first, keep this one elsewhere with --state, or begin anew with --restart.',
    },
  ]);
}
