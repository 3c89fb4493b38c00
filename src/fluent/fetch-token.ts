import type { Exchange } from '../upstream/exchange.ts';
import { readToken, type Token } from '../upstream/token-source.ts';

/** The credentials for a Fluent account. */
export interface FluentCredentials {
  readonly apiUrl: string;
  readonly account?: string | undefined;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly username: string;
  readonly password: string;
}

/** Requests a token by password. https://docs.fluentcommerce.com/apis/authentication-api */
export async function fetchFluentToken(
  name: string,
  { apiUrl, account, clientId, clientSecret, username, password }: FluentCredentials,
  exchange: Exchange,
  signal: AbortSignal,
): Promise<Token> {
  const form = new URLSearchParams({
    username,
    password,
    scope: 'api',
    client_id: clientId,
    client_secret: clientSecret,
    grant_type: 'password',
  });
  const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' };
  if (account) headers['fluent.account'] = account;
  const answer = await exchange(
    { method: 'POST', url: `${apiUrl}/oauth/token`, headers, body: form.toString() },
    signal,
  );
  return readToken(name, answer);
}
