/** How to copy a state, and how to apply a change to a copy. */
export interface Copying<State, Change> {
  copy(): State;
  apply(state: State, change: Change): void;
}

interface Replica<State, Change> {
  readonly state: State;
  readonly lagMilliseconds: number;
  readonly pending: { readonly at: number; readonly change: Change }[];
}

/**
 * Copies of a state, each with its own lag. A read is answered by any of them, so a later read may return an older state than
 * an earlier one.
 */
export class Replicas<State, Change> {
  readonly #replicas: readonly Replica<State, Change>[];
  readonly #copying: Copying<State, Change>;
  readonly #random: () => number;

  /** Creates one replica for each lag in milliseconds; `Infinity` never catches up. `random` returns numbers from 0 up to 1. */
  constructor(lags: readonly number[], copying: Copying<State, Change>, random: () => number) {
    this.#copying = copying;
    this.#random = random;
    this.#replicas = lags.map((lagMilliseconds) => ({ state: copying.copy(), lagMilliseconds, pending: [] }));
  }

  /** Must be called for every change of the state, in order. */
  commit(change: Change): void {
    const at = performance.now();
    for (const replica of this.#replicas) {
      replica.pending.push({ at, change });
      this.#catchUp(replica);
    }
  }

  /** Returns the state of one of the replicas; undefined if there are none. */
  read(): State | undefined {
    if (this.#replicas.length === 0) return undefined;
    const replica = this.#replicas[Math.floor(this.#random() * this.#replicas.length)];
    if (replica === undefined) return undefined;
    this.#catchUp(replica);
    return replica.state;
  }

  #catchUp({ state, lagMilliseconds, pending }: Replica<State, Change>): void {
    const seen = performance.now() - lagMilliseconds;
    for (let first = pending[0]; first !== undefined && first.at <= seen; first = pending[0]) {
      this.#copying.apply(state, first.change);
      pending.shift();
    }
  }
}
