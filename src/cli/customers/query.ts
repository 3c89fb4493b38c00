import type { PageQuery } from './pages.ts';
import { idsOf, type Selection, sinceOf } from './selection.ts';

/** Queries lag behind writes, so more recent changes are left to the pushes. */
const LAG_MILLISECONDS = 60_000;

/** The query for a selection; a state brings the window that was fixed when its run began. */
export function queryOf(
  { where, ids }: Pick<Selection, 'where' | 'ids'>,
  { window }: { readonly window?: PageQuery['window'] },
): PageQuery {
  return { where, window, ids: ids === undefined ? undefined : idsOf(ids) };
}

/** From that instant until a minute ago. */
export function windowOf(since: string, now: number): { since: string; until: string } {
  const until = new Date(now - LAG_MILLISECONDS).toISOString();
  return { since: sinceOf(since, now) ?? until, until };
}
