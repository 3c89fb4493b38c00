import { UpstreamFault } from './fault.ts';

/** A token, as the token endpoint returned it. */
export interface Token {
  readonly value: string;
  readonly lifetimeSeconds: number;
}

/** After a refusal no token is requested for this long, so that a wrong password does not lock the account. */
const REFUSAL_MILLISECONDS = 5_000;

/**
 * Holds the token of an account and renews it before it expires, with one request at a time for all who wait for it.
 *
 * `fetchToken` throws `UpstreamFault.credentials` if the credentials are wrong.
 */
export class TokenSource {
  readonly #fetchToken: () => Promise<Token>;
  readonly #clock: () => number;
  #current: { value: string; renewAt: number } | undefined;
  #pending: Promise<string> | undefined;
  #refusal: { fault: UpstreamFault; until: number } | undefined;

  constructor(fetchToken: () => Promise<Token>, clock: () => number = Date.now) {
    this.#fetchToken = fetchToken;
    this.#clock = clock;
  }

  /** The current token, or a new one. */
  async get(): Promise<string> {
    if (this.#current && this.#clock() < this.#current.renewAt) return this.#current.value;
    if (this.#refusal && this.#clock() < this.#refusal.until) throw this.#refusal.fault;
    this.#pending ??= this.#renew().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  /** Drops a token that was refused, unless a newer one has replaced it meanwhile. */
  invalidate(value: string): void {
    if (this.#current?.value === value) this.#current = undefined;
  }

  async #renew(): Promise<string> {
    try {
      const { value, lifetimeSeconds } = await this.#fetchToken();
      // Renewed a tenth of its lifetime early, a minute at most, so that it does not expire during a request.
      const reserve = Math.min(60, lifetimeSeconds / 10);
      this.#current = { value, renewAt: this.#clock() + (lifetimeSeconds - reserve) * 1000 };
      this.#refusal = undefined;
      return value;
    } catch (error) {
      if (error instanceof UpstreamFault && error.kind === 'refused')
        this.#refusal = { fault: error, until: this.#clock() + REFUSAL_MILLISECONDS };
      throw error;
    }
  }
}
