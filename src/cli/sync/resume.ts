import { ConfigurationError } from '../../configuration-error.ts';
import type { PageQuery } from '../customers/pages.ts';
import { idsOf, marksOf, type Selection, sinceOf } from '../customers/selection.ts';
import type { Checkpoint, State } from './checkpoint.ts';

/** Queries lag behind writes; what is younger than this is left to the pushes. */
const LAG_MILLISECONDS = 60_000;

interface Asked extends Omit<Selection, 'projectKey'> {
  readonly restart: boolean;
}

/** The state to begin with: that of an earlier run of the same selection, or a new one. Throws a `ConfigurationError` for one of another. */
export async function resume(
  checkpoint: Checkpoint,
  asked: Asked,
  projectKey: string,
  now: number,
): Promise<State> {
  const marks = marksOf({ ...asked, projectKey });
  const earlier = asked.restart ? undefined : await checkpoint.read();
  const window = asked.since === undefined ? undefined : windowOf(asked.since, now);
  if (!earlier) return { marks, counts: {}, ...(window && { window }) };
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

/** What to read for that state: its window, which was fixed when its run began. */
export function queryOf(
  { where, ids }: Pick<Selection, 'where' | 'ids'>,
  { window }: Partial<State>,
): PageQuery {
  return { where, window, ids: ids === undefined ? undefined : idsOf(ids) };
}

/** From that instant until a minute ago. */
export function windowOf(since: string, now: number): { since: string; until: string } {
  const until = new Date(now - LAG_MILLISECONDS).toISOString();
  return { since: sinceOf(since, now) ?? until, until };
}
