import { z } from 'zod';
import { readJson, type UpstreamResponse } from './exchange.ts';
import { UpstreamFault } from './fault.ts';

/** A token, as the token endpoint returned it. */
export interface Token {
  readonly value: string;
  readonly lifetimeSeconds: number;
}

const TokenAnswer = z.object({
  access_token: z.string().min(1),
  expires_in: z.number().positive().default(3600),
});

/** RFC 6749, section 5.2. */
const Refusal = z.object({ error: z.string() });

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

/**
 * Reads the token from a token endpoint's response; any 4xx but 408 and 429 means that the credentials are wrong. `advice`
 * contains what to check for each known OAuth error code of the upstream.
 */
export function readToken(
  name: string,
  answer: UpstreamResponse,
  advice: Readonly<Record<string, string>> = {},
): Token {
  const { status, retryAfterSeconds } = answer;
  if (status >= 400 && status < 500 && status !== 408 && status !== 429)
    throw UpstreamFault.credentials(name, status, refusalOf(answer.text, advice));
  const fault = UpstreamFault.ofStatus(name, status, retryAfterSeconds);
  if (fault) throw fault;
  const token = TokenAnswer.safeParse(readJson(name, answer.text));
  if (!token.success)
    throw new UpstreamFault(
      'transient',
      'unreadable-answer',
      `${name} answered a token request without a token.`,
    );
  return { value: token.data.access_token, lifetimeSeconds: token.data.expires_in };
}

/** Only a code of the list is quoted: the rest of the response may hold anything. */
function refusalOf(text: string, advice: Readonly<Record<string, string>>) {
  const code = Refusal.safeParse(parseOrNothing(text)).data?.error;
  const known = Object.entries(advice).find(([one]) => one === code);
  return known && { code: known[0], advice: known[1] };
}

function parseOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
