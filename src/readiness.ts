/** Whether this instance should be sent work: not while it drains, nor while an upstream refuses the credentials. */
export class Readiness {
  readonly #refusing = new Set<string>();
  #draining = false;

  /** Told by the upstreams whether their credentials work. */
  credentials(upstream: string, accepted: boolean): void {
    if (accepted) this.#refusing.delete(upstream);
    else this.#refusing.add(upstream);
  }

  drain(): void {
    this.#draining = true;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Why not, in codes; empty when ready. */
  get reasons(): string[] {
    const refusing = [...this.#refusing].map((upstream) => `credentials-refused: ${upstream}`);
    return this.#draining ? ['draining', ...refusing] : refusing;
  }
}
