import Table from 'cli-table3';
import { FieldCounts } from '../customers/field-counts.ts';
import { number } from '../customers/progress.ts';
import type { Io } from '../io.ts';

/** Where the two sides differ, or may; no personal data. */
export interface Finding {
  /** `undecided`: it could not be compared, for `reason`. */
  readonly finding: 'missing' | 'different' | 'orphaned' | 'undecided';
  /** Of the commercetools customer. */
  readonly id: string;
  readonly version?: number | undefined;
  /** Names of the fields that differ, and of those in which Fluent has something and commercetools has nothing. */
  readonly fields?: readonly string[] | undefined;
  readonly blanked?: readonly string[] | undefined;
  /** Why it can not be put right. */
  readonly reason?: string | undefined;
  /** With `--fix`: whether it was put right. */
  readonly fixed?: boolean | undefined;
}

const SHOWN = 50;

/** Tells what was found: each as a line of JSON, or the first fifty in a table. */
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
      this.#io.out(`… and ${number(this.total - SHOWN)} more: --json gives all of them.`);
    const parts = Object.entries(this.counts).map(([name, count]) => `${name} ${number(count)}`);
    this.#io.out(
      `${finished ? 'Compared' : 'Compared so far'}: ${parts.join(', ')}; put right ${number(this.fixed)}.`,
    );
    for (const line of this.#fields.lines()) this.#io.out(line);
  }

  #table(): string {
    const style = this.#io.terminal ? {} : { style: { head: [], border: [] } };
    const table = new Table({ head: ['finding', 'customer', 'fields', 'put right'], ...style });
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
