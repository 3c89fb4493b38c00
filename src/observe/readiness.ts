/**
 * Nothing reports that a permission was granted: after this long the instance is ready again, and the next push finds
 * out.
 */
const REFUSED_MILLISECONDS = 30_000;
const BETWEEN_PROBES_MILLISECONDS = 2_000;

/**
 * Whether this instance should receive pushes: not while it drains, and not while an upstream refuses the credentials, or the
 * fields that are written.
 */
export class Readiness {
  /** When each upstream last refused the credentials, in milliseconds of the clock. */
  readonly #refusing = new Map<string, number>();
  /** The schema mismatch of each Fluent account, as text. */
  readonly #mismatches = new Map<string, string>();
  readonly #clock: () => number;
  readonly #onChange: (reasons: readonly string[]) => void;
  #probedAt = Number.NEGATIVE_INFINITY;
  #draining = false;

  /** `onChange` is called with the reasons whenever they have changed. */
  constructor(
    clock: () => number = () => performance.now(),
    onChange: (reasons: readonly string[]) => void = () => {},
  ) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** Notes whether an upstream accepted the credentials. */
  credentials(upstream: string, accepted: boolean): void {
    const isKnown = this.#refusing.has(upstream);
    if (accepted) this.#refusing.delete(upstream);
    else this.#refusing.set(upstream, this.#clock());
    if (isKnown === accepted) this.#onChange(this.reasons);
  }

  /** Called with the mismatch between a Fluent account's schema and the writes, and with undefined once they match. */
  schema(upstream: string, mismatch: string | undefined): void {
    const known = this.#mismatches.get(upstream);
    if (mismatch === undefined) this.#mismatches.delete(upstream);
    else this.#mismatches.set(upstream, mismatch);
    if (mismatch !== known) this.#onChange(this.reasons);
  }

  /**
   * Requests a token from the upstreams that refused, every 2 seconds at most: an instance that is not ready may get no push
   * that would find out. Returns at once; never throws.
   */
  probe(upstreams: readonly { readonly name: string; probe(): Promise<void> }[]): void {
    const now = this.#clock();
    if (this.#refusing.size === 0 || now - this.#probedAt < BETWEEN_PROBES_MILLISECONDS) return;
    this.#probedAt = now;
    for (const upstream of upstreams) {
      const since = this.#refusing.get(upstream.name);
      if (since === undefined) continue;
      upstream.probe().then(
        () => now - since >= REFUSED_MILLISECONDS && this.credentials(upstream.name, true),
        () => {},
      );
    }
  }

  drain(): void {
    this.#draining = true;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Why it is not ready, as codes; empty if it is. */
  get reasons(): string[] {
    const refusing = [...this.#refusing.keys()].map((upstream) => `credentials-refused: ${upstream}`);
    const mismatches = [...this.#mismatches].map(
      ([upstream, mismatch]) => `schema-mismatch (${mismatch}): ${upstream}`,
    );
    return [...(this.#draining ? ['draining'] : []), ...refusing, ...mismatches];
  }
}
