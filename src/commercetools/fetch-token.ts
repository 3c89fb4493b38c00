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

/** By the OAuth error code. The variables are those of the shipped connector file. */
const ADVICE: Readonly<Record<string, string>> = {
  invalid_client:
    "check CTP_CLIENT_ID and CTP_CLIENT_SECRET, that the API client still exists, and that CTP_AUTH_URL is of the project's region.",
  unauthorized_client:
    'check that CTP_CLIENT_ID is of an API client that may use the client credentials flow, such as one made in the Merchant Center.',
  invalid_scope:
    'check CTP_SCOPES (CTP_CLIENT_SCOPE under Connect, SETUP_CTP_SCOPES for a set-up client): name only scopes that the API client has, each with the project, as in view_customers:<project key>; leave it empty for all that it has.',
};

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
  return readToken(name, answer, ADVICE);
}
