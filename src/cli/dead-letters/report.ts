import Table from 'cli-table3';
import type { DeadLetter } from '../../dead-letters/read.ts';

/** A row of `dead-letters list`; ages in seconds. Nothing in it is personal. */
export interface Row {
  readonly messageId: string;
  readonly reason: string;
  readonly identity: string | null;
  readonly resource: string | null;
  readonly ageSeconds: number;
}

/** The dead letters of one reason. */
export interface Group {
  readonly reason: string;
  readonly count: number;
  readonly oldestSeconds: number;
  readonly newestSeconds: number;
}

/** A row for each, the oldest first. `now` in milliseconds of the epoch. */
export function rowsOf(letters: readonly DeadLetter[], now: number): Row[] {
  return letters
    .map(({ messageId, reason, details, deadLetteredAt }) => ({
      messageId,
      reason,
      identity: details['identity'] ?? null,
      resource: details['resource'] ?? null,
      ageSeconds: Math.max(0, Math.round((now - deadLetteredAt.getTime()) / 1000)),
    }))
    .sort((one, other) => other.ageSeconds - one.ageSeconds);
}

/** The rows by their reason, the most frequent first. */
export function groupsOf(rows: readonly Row[]): Group[] {
  const reasons = Map.groupBy(rows, ({ reason }) => reason);
  return [...reasons]
    .map(([reason, of]) => {
      const ages = of.map(({ ageSeconds }) => ageSeconds).sort((one, other) => one - other);
      return { reason, count: of.length, oldestSeconds: ages.at(-1) ?? 0, newestSeconds: ages[0] ?? 0 };
    })
    .sort((one, other) => other.count - one.count);
}

/** Both as text, for a person. */
export function listText(rows: readonly Row[], more: boolean): string {
  if (rows.length === 0) return 'No dead letters.';
  const groups = new Table({ head: ['reason', 'count', 'oldest', 'newest'], style: PLAIN });
  for (const { reason, count, oldestSeconds, newestSeconds } of groupsOf(rows))
    groups.push([reason, count, ageText(oldestSeconds), ageText(newestSeconds)]);
  const each = new Table({ head: ['message id', 'identity', 'resource', 'reason', 'age'], style: PLAIN });
  for (const { messageId, identity, resource, reason, ageSeconds } of rows)
    each.push([messageId, identity ?? '-', resource ?? '-', reason, ageText(ageSeconds)]);
  const rest = more ? ['There are more; raise --limit to read them.'] : [];
  return [groups.toString(), each.toString(), ...rest].join('\n');
}

/** Counts by reason in one line, such as `2 unique-constraint, 1 no-email`. */
export function countsText(letters: readonly DeadLetter[]): string {
  return [...Map.groupBy(letters, ({ reason }) => reason)]
    .map(([reason, { length }]) => `${length} ${reason}`)
    .join(', ');
}

/** One dead letter for `show`; with the payload and the sender's attributes only if `reveal`. */
export function shownOf(
  { messageId, reason, details, attributes, deadLetteredAt, data }: DeadLetter,
  reveal: boolean,
) {
  return {
    messageId,
    arrivedAt: deadLetteredAt.toISOString(),
    reason,
    details,
    attributes: reveal ? attributes : Object.keys(attributes),
    payload: reveal ? data.toString() : `${data.length} bytes, shown with --reveal`,
  };
}

const PLAIN = { head: [], border: [], compact: true };

function ageText(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`;
}
