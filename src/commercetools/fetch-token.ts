import type { Exchange } from '../upstream/exchange.ts';
import { readToken, type Token } from '../upstream/token-source.ts';

/** The credentials of a commercetools API client. */
export interface CommercetoolsCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly authUrl: string;
  /** Empty for all scopes of the client. */
  readonly scopes: readonly string[];
}

/** Requests a token by client credentials. https://docs.commercetools.com/api/authorization#client-credentials-flow */
export async function fetchCommercetoolsToken(
  name: string,
  { clientId, clientSecret, authUrl, scopes }: CommercetoolsCredentials,
  exchange: Exchange,
  signal: AbortSignal,
): Promise<Token> {
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (scopes.length > 0) form.set('scope', scopes.join(' '));
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  const answer = await exchange(
    {
      method: 'POST',
      url: `${authUrl}/oauth/token`,
      headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    },
    signal,
  );
  return readToken(name, answer);
}
