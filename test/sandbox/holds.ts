interface Hold<Kind> {
  readonly only: Kind | undefined;
  readonly released: Promise<void>;
}

/** Holds requests to a stand-in until a test releases them. */
export class Holds<Kind> {
  readonly #holds = new Set<Hold<Kind>>();

  /** Holds requests of one kind, or all, before they take effect; returns a function that releases them. */
  hold(only?: Kind): () => void {
    const { promise: released, resolve } = Promise.withResolvers<void>();
    const hold = { only, released };
    this.#holds.add(hold);
    return () => {
      this.#holds.delete(hold);
      resolve();
    };
  }

  /** Resolves when no hold applies to such a request any more. */
  async passed(kind: Kind): Promise<void> {
    for (const { only, released } of this.#holds) if (only === undefined || only === kind) await released;
  }
}
