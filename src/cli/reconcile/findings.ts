import Table from 'cli-table3';
import { FieldCounts } from '../customers/field-counts.ts';
import { number } from '../customers/progress.ts';
import type { Io } from '../io.ts';

/** A customer that differs between the two sides, or could not be compared. Contains no personal data. */
export interface Finding {
  /** `undecided`: it could not be compared, for `reason`. */
  readonly finding: 'missing' | 'different' | 'orphaned' | 'undecided';
  /** The id of the commercetools customer. */
  readonly id: string;
  readonly version?: number | undefined;
  /** Names of the fields that differ; those that have a value in Fluent and none in commercetools are in `blanked` instead. */
  readonly fields?: readonly string[] | undefined;
  readonly blanked?: readonly string[] | undefined;
  /** Why it cannot be corrected. */
  readonly reason?: string | undefined;
  /** With `--fix`: true if it was corrected. */
  readonly fixed?: boolean | undefined;
}

const SHOWN = 50;

/** Prints the findings: each as a line of JSON, or the first fifty in a table. */
export class Findings {
  readonly counts = { equal: 0, missing: 0, different: 0, orphaned: 0, undecided: 0 };
  fixed = 0;
  readonly #io: Io;
  readonly #json: boolean;
  readonly #shown: Finding[] = [];
  readonly #fields = new FieldCounts();

  constructor(io: Io, json: boolean) {
    this.#io = io;
    this.#json = json;
  }

  get total(): number {
    const { missing, different, orphaned, undecided } = this.counts;
    return missing + different + orphaned + undecided;
  }

  add(finding: Finding): void {
    this.counts[finding.finding] += 1;
    if (finding.fixed) this.fixed += 1;
    this.#fields.add({ changed: finding.fields ?? [], blanked: finding.blanked ?? [] });
    if (this.#json) this.#io.out(JSON.stringify(finding));
    else if (this.#shown.length < SHOWN) this.#shown.push(finding);
  }

  conclude(finished: boolean): void {
    if (this.#json) {
      this.#io.out(
        JSON.stringify({
          summary: {
            finished,
            ...this.counts,
            fixed: this.fixed,
            fields: Object.fromEntries(this.#fields.changed),
            blanked: Object.fromEntries(this.#fields.blanked),
          },
        }),
      );
      return;
    }
    if (this.#shown.length > 0) this.#io.out(this.#table());
    if (this.total > SHOWN)
      this.#io.out(`… and ${number(this.total - SHOWN)} more: --json prints all of them.`);
    const parts = Object.entries(this.counts).map(([name, count]) => `${name} ${number(count)}`);
    this.#io.out(
      `${finished ? 'Compared' : 'Compared so far'}: ${parts.join(', ')}; corrected ${number(this.fixed)}.`,
    );
    for (const line of this.#fields.lines()) this.#io.out(line);
  }

  #table(): string {
    const style = this.#io.terminal ? {} : { style: { head: [], border: [] } };
    const table = new Table({ head: ['finding', 'customer', 'fields', 'corrected'], ...style });
    for (const { finding, id, fields = [], blanked = [], reason, fixed } of this.#shown)
      table.push([
        finding,
        id,
        [...fields, ...blanked.map((field) => `blank ${field}`)].join('\n'),
        fixed ? 'yes' : (reason ?? 'no'),
      ]);
    return table.toString();
  }
}
