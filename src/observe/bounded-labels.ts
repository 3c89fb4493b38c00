const MOST_VALUES = 100;

/** Keeps the values of a label within bounds: a handler that puts an id into one must not fill the memory. */
export class BoundedLabels {
  readonly #pattern: RegExp;
  readonly #values = new Set<string>();

  /** `pattern` is what a value has to look like. */
  constructor(pattern: RegExp) {
    this.#pattern = pattern;
  }

  /** The value, or `other` for one that does not look like it or is one too many. */
  bounded(value: string): string {
    if (this.#values.has(value)) return value;
    if (this.#values.size >= MOST_VALUES || !this.#pattern.test(value)) return 'other';
    this.#values.add(value);
    return value;
  }
}
