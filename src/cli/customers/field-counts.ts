import type { Preview } from '../../handler.ts';
import { number } from './progress.ts';

/** Counts, for each Fluent field, the customers for which it would change and those for which it would be blanked. */
export class FieldCounts {
  readonly changed = new Map<string, number>();
  readonly blanked = new Map<string, number>();

  add({ changed, blanked }: Fields): void {
    for (const field of changed) this.changed.set(field, (this.changed.get(field) ?? 0) + 1);
    for (const field of blanked) this.blanked.set(field, (this.blanked.get(field) ?? 0) + 1);
  }

  /** As in `would blank firstName (200)`, a line each. */
  lines(): string[] {
    return [...line('would change', this.changed), ...line('would blank', this.blanked)];
  }
}

/** Names of fields. */
export interface Fields {
  readonly changed: readonly string[];
  readonly blanked: readonly string[];
}

/** The fields that differ in a preview, split into those that would be blanked and those that would change. */
export function differenceOf({ differing, blanked = [] }: Pick<Preview, 'differing' | 'blanked'>): Fields {
  return { changed: differing.filter((field) => !blanked.includes(field)), blanked };
}

function line(would: string, fields: ReadonlyMap<string, number>): string[] {
  if (fields.size === 0) return [];
  return [`${would} ${[...fields].map(([field, count]) => `${field} (${number(count)})`).join(', ')}`];
}
