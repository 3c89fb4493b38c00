interface Hold<Kind> {
  readonly only: Kind | undefined;
  readonly released: Promise<void>;
}

/** Keeps requests to a stand-in waiting until a test lets them go on. */
export class Holds<Kind> {
  readonly #holds = new Set<Hold<Kind>>();

  /** Keeps requests of one kind, or all, waiting before they take effect; call what it returns to let them go on. */
  hold(only?: Kind): () => void {
    const { promise: released, resolve } = Promise.withResolvers<void>();
    const hold = { only, released };
    this.#holds.add(hold);
    return () => {
      this.#holds.delete(hold);
      resolve();
    };
  }

  /** Returns when nothing holds such a request any more. */
  async passed(kind: Kind): Promise<void> {
    for (const { only, released } of this.#holds) if (only === undefined || only === kind) await released;
  }
}
