/**
 * A ring of equally long slots of time, each with a number a column: the latest `count` slots, in memory of a fixed size.
 *
 * Times are in milliseconds since 1970. A clock that is set back goes on in the latest slot.
 */
export class Slots<Column extends string> {
  readonly milliseconds: number;
  readonly count: number;
  readonly #columns: ReadonlyMap<Column, Float64Array>;
  readonly #onClear: (place: number) => void;
  #latest = -1;
  #first = -1;

  /** `onClear` is told of each place that begins anew, for what is kept beside. */
  constructor(
    columns: readonly Column[],
    milliseconds: number,
    count: number,
    onClear: (place: number) => void = () => {},
  ) {
    this.#onClear = onClear;
    this.milliseconds = milliseconds;
    this.count = count;
    this.#columns = new Map(columns.map((column) => [column, new Float64Array(count)]));
  }

  /** Adds to the slot that `now` falls in. */
  add(column: Column, now: number, amount = 1): void {
    const index = this.at(now);
    const values = this.#columns.get(column);
    if (values) values[index] = (values[index] ?? 0) + amount;
  }

  /** Keeps the largest that was said of the slot that `now` falls in. */
  most(column: Column, now: number, amount: number): void {
    const index = this.at(now);
    const values = this.#columns.get(column);
    if (values && amount > (values[index] ?? 0)) values[index] = amount;
  }

  /** The place of the slot that `now` falls in; what it held an hour ago is cleared. */
  at(now: number): number {
    const slot = Math.floor(now / this.milliseconds);
    if (slot > this.#latest) {
      if (this.#first < 0) this.#first = slot;
      for (let next = Math.max(this.#latest + 1, slot - this.count + 1); next <= slot; next += 1)
        this.#clear(next % this.count);
      this.#latest = slot;
    }
    return this.#latest % this.count;
  }

  /** The places of the latest `slots` slots since the start, oldest first. */
  places(now: number, slots: number = this.count): number[] {
    this.at(now);
    const from = Math.max(this.#first, this.#latest - Math.min(slots, this.count) + 1);
    return Array.from({ length: this.#latest - from + 1 }, (_, index) => (from + index) % this.count);
  }

  /** When the oldest of the latest `slots` slots began. */
  since(now: number, slots: number = this.count): number {
    const { length } = this.places(now, slots);
    return (this.#latest - length + 1) * this.milliseconds;
  }

  /** A column of the latest `slots` slots, oldest first. */
  read(column: Column, now: number, slots: number = this.count): number[] {
    const places = this.places(now, slots);
    const values = this.#columns.get(column);
    return places.map((place) => values?.[place] ?? 0);
  }

  sum(column: Column, now: number, slots: number = this.count): number {
    return this.read(column, now, slots).reduce((sum, value) => sum + value, 0);
  }

  #clear(place: number): void {
    for (const values of this.#columns.values()) values[place] = 0;
    this.#onClear(place);
  }
}
