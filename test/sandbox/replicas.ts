/** How a state is copied, and how a change is applied to a copy. */
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
 * Copies of a state, each a time of its own behind it: an eventually consistent read is answered by any of them, so what
 * one read has shown the next may not show yet.
 */
export class Replicas<State, Change> {
  readonly #replicas: readonly Replica<State, Change>[];
  readonly #copying: Copying<State, Change>;
  readonly #random: () => number;

  /** One replica for each lag in milliseconds; `Infinity` never catches up. `random` is from 0 up to 1. */
  constructor(lags: readonly number[], copying: Copying<State, Change>, random: () => number) {
    this.#copying = copying;
    this.#random = random;
    this.#replicas = lags.map((lagMilliseconds) => ({ state: copying.copy(), lagMilliseconds, pending: [] }));
  }

  /** Every change of the state has to be given, in order. */
  commit(change: Change): void {
    const at = performance.now();
    for (const replica of this.#replicas) {
      replica.pending.push({ at, change });
      this.#catchUp(replica);
    }
  }

  /** The state as one of the replicas has it now; undefined when there are none. */
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
