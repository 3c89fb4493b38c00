import { createHash } from 'node:crypto';

/** The requested selection of a project's customers. */
export interface Selection {
  readonly projectKey: string;
  readonly since?: string | undefined;
  readonly where?: string | undefined;
  readonly ids?: string | undefined;
}

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const UNIT = /^(\d{1,9})([smhd])$/;
const DATE = /^\d{4}-\d{2}-\d{2}([T ].+)?$/;

/** The instant that `2h`, `2026-01-31` or an ISO 8601 time names, as ISO 8601; undefined for anything else. */
export function sinceOf(text: string, now: number): string | undefined {
  const [, count, unit] = UNIT.exec(text) ?? [];
  const milliseconds =
    unit === 's' || unit === 'm' || unit === 'h' || unit === 'd'
      ? now - Number(count) * UNITS[unit]
      : DATE.test(text)
        ? Date.parse(text)
        : Number.NaN;
  return Number.isFinite(milliseconds) && milliseconds > 0 ? new Date(milliseconds).toISOString() : undefined;
}

/** The ids in a list with commas, sorted and each once; undefined when one of them is not a valid id. */
export function idsOf(text: string): string[] | undefined {
  const ids = text
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '');
  return ids.length > 0 && ids.every((id) => /^[\w-]+$/.test(id)) ? [...new Set(ids)].sort() : undefined;
}

/** Identifies a selection. Predicates and ids may be personal data, so they are included only as a digest. */
export function marksOf({ projectKey, since, where, ids }: Selection): Record<string, string> {
  return {
    '--account': projectKey,
    '--since': since ?? '',
    '--where': where === undefined ? '' : digest(where),
    '--ids': ids === undefined ? '' : digest(ids),
  };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
