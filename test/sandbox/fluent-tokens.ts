import { randomUUID } from 'node:crypto';
import { type Answer, json, unauthorised } from './fluent-answers.ts';

/** The credentials for a token. All are invented. */
export interface FluentCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly username: string;
  readonly password: string;
}

/** Issues tokens by the password grant, and knows the valid ones. Times in milliseconds of `now`. */
export class Tokens {
  readonly #expected: Readonly<Record<string, string>>;
  readonly #lifetimeSeconds: number;
  readonly #now: () => number;
  readonly #expiries = new Map<string, number>();

  constructor(credentials: FluentCredentials, lifetimeSeconds: number, now: () => number) {
    this.#expected = {
      client_id: credentials.clientId,
      client_secret: credentials.clientSecret,
      username: credentials.username,
      password: credentials.password,
      scope: 'api',
    };
    this.#lifetimeSeconds = lifetimeSeconds;
    this.#now = now;
  }

  /** Answers the token endpoint: 400 for another grant, 401 for wrong credentials. */
  grant(form: URLSearchParams): Answer {
    if (form.get('grant_type') !== 'password') return json(400, { error: 'unsupported_grant_type' });
    for (const [name, value] of Object.entries(this.#expected)) {
      if (form.get(name) !== value) return unauthorised();
    }
    const now = this.#now();
    for (const [token, expiry] of this.#expiries) if (expiry <= now) this.#expiries.delete(token);
    const token = randomUUID();
    this.#expiries.set(token, now + this.#lifetimeSeconds * 1000);
    const expiry = { token_type: 'bearer', expires_in: this.#lifetimeSeconds };
    return json(200, { access_token: token, ...expiry, scope: 'api', Retailer_id: 1 });
  }

  /** True if an `Authorization` header contains a valid token. */
  admit(authorization: string | undefined): boolean {
    const token = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
    return token !== undefined && (this.#expiries.get(token) ?? 0) > this.#now();
  }

  /** Revokes all tokens. */
  revoke(): void {
    this.#expiries.clear();
  }
}
