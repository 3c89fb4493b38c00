import { UpstreamFault } from './fault.ts';

/** A token as its endpoint gave it. */
export interface Token {
  readonly value: string;
  readonly lifetimeSeconds: number;
}

/** A refusal is not asked about again for this long, so that a wrong password does not lock the account. */
const REFUSAL_MILLISECONDS = 5_000;

/**
 * The one token of an account: one request at a time however many wait, renewed before it expires.
 *
 * `fetchToken` throws `UpstreamFault.credentials` where the credentials are wrong.
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

  /** Forgets a token that was refused; a newer one that has taken its place meanwhile stays. */
  invalidate(value: string): void {
    if (this.#current?.value === value) this.#current = undefined;
  }

  async #renew(): Promise<string> {
    try {
      const { value, lifetimeSeconds } = await this.#fetchToken();
      // A tenth of its life, a minute at most, is kept back for the requests in flight when it expires.
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
