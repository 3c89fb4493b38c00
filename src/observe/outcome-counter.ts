/** How often an outcome occurred. */
export interface Count {
  readonly labels: readonly [route: string, outcome: string, reason: string];
  count: number;
}

const REASON = /^[a-z0-9-]{1,50}$/;

/**
 * Counts events by route, outcome and reason. A known combination costs three look-ups and no memory, because every
 * push pays for it.
 */
export class OutcomeCounter {
  readonly #cells = new Map<string, Map<string, Map<string, Count>>>();
  readonly #reasons = new BoundedLabels(REASON);

  count(route: string, outcome: string, reason: string): void {
    const cell =
      this.#cells.get(route)?.get(outcome)?.get(reason) ?? this.#open(route, outcome, this.bounded(reason));
    cell.count += 1;
  }

  /** The reason, or `other` if it is not a code or there are too many. */
  bounded(reason: string): string {
    return this.#reasons.bounded(reason);
  }

  read(): Readonly<Count>[] {
    return [...this.#cells.values()].flatMap((outcomes) =>
      [...outcomes.values()].flatMap((reasons) => [...reasons.values()]),
    );
  }

  #open(route: string, outcome: string, reason: string): Count {
    const outcomes = this.#cells.get(route) ?? new Map<string, Map<string, Count>>();
    this.#cells.set(route, outcomes);
    const reasons = outcomes.get(outcome) ?? new Map<string, Count>();
    outcomes.set(outcome, reasons);
    const cell = reasons.get(reason) ?? { labels: [route, outcome, reason], count: 0 };
    reasons.set(reason, cell);
    return cell;
  }
}

const MAX_VALUES = 100;

/** Keeps the values of a label within bounds: a handler that puts an id into one must not fill the memory. */
export class BoundedLabels {
  readonly #pattern: RegExp;
  readonly #values = new Set<string>();

  /** A value must match `pattern`. */
  constructor(pattern: RegExp) {
    this.#pattern = pattern;
  }

  /** The value, or `other` for one that does not look like it or is one too many. */
  bounded(value: string): string {
    if (this.#values.has(value)) return value;
    if (this.#values.size >= MAX_VALUES || !this.#pattern.test(value)) return 'other';
    this.#values.add(value);
    return value;
  }
}
