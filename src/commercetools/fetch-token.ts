import type { Exchange } from '../upstream/exchange.ts';
import { readToken } from '../upstream/read-token.ts';
import type { Token } from '../upstream/token-source.ts';

/** How a commercetools API client proves itself. */
export interface CommercetoolsCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly authUrl: string;
  /** Empty for all that the client may. */
  readonly scopes: readonly string[];
}

/** Asks for a token by client credentials. https://docs.commercetools.com/api/authorization#client-credentials-flow */
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
