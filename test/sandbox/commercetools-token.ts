import { randomBytes } from 'node:crypto';
import { type Answer, Refusal } from './commercetools-answer.ts';

const NO_TOKEN = 'This endpoint requires an access token. You can get one from the authorization server.';
const NO_CLIENT = 'Please provide valid client credentials using HTTP Basic Authentication.';

/** A client of commercetools' authorization server. */
export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** The authorization server: one client, the client credentials grant only, tokens that expire. */
export class Tokens {
  readonly #lifetimeSeconds: number;
  readonly #basic: string;
  readonly #scope: string;
  readonly #ends = new Map<string, number>();

  constructor({ clientId, clientSecret }: Credentials, scope: string, lifetimeSeconds: number) {
    this.#basic = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
    this.#scope = scope;
    this.#lifetimeSeconds = lifetimeSeconds;
  }

  /** Issues a token. Throws 401 for an unknown client, 400 for another grant or a scope that the client does not have. */
  give(authorization: string | undefined, parameters: URLSearchParams): Answer {
    if (authorization !== this.#basic) throw wrongClient();
    const grant = parameters.get('grant_type');
    if (grant !== 'client_credentials') {
      throw new Refusal(
        400,
        'unsupported_grant_type',
        `Invalid parameter: grant_type: ${grant ?? 'missing'}`,
      );
    }
    const scope = parameters.get('scope') || this.#scope;
    const granted = new Set(this.#scope.split(' '));
    const excess = scope.split(' ').find((one) => !granted.has(one));
    if (excess !== undefined)
      throw new Refusal(400, 'invalid_scope', `The scope '${excess}' is not granted.`);
    const token = randomBytes(24).toString('base64url');
    this.#ends.set(token, performance.now() + this.#lifetimeSeconds * 1000);
    const body = { access_token: token, token_type: 'Bearer', expires_in: this.#lifetimeSeconds, scope };
    return { status: 200, body: JSON.stringify(body) };
  }

  /** Throws 401 unless the request has a valid token. */
  check(authorization: string | undefined): void {
    if (!authorization?.startsWith('Bearer ')) throw new Refusal(401, 'access_denied', NO_TOKEN);
    const token = authorization.slice('Bearer '.length);
    const end = this.#ends.get(token);
    if (end !== undefined && performance.now() < end) return;
    this.#ends.delete(token);
    throw wrongToken();
  }

  revoke(): void {
    this.#ends.clear();
  }
}

/** The 401 for an unknown client. */
export function wrongClient(): Refusal {
  return new Refusal(401, 'invalid_client', NO_CLIENT);
}

/** The 401 for a token that is not, or no longer, valid. */
export function wrongToken(): Refusal {
  return new Refusal(401, 'invalid_token', 'invalid_token');
}
