import type { CommercetoolsSandbox } from './commercetools.ts';
import type { FluentSandbox } from './fluent.ts';

/** The environment variables for a service that uses both stand-ins; `PUSH_AUTH` is `none`, the port a free one. */
export function environmentFor(
  commercetools: Pick<CommercetoolsSandbox, 'url' | 'projectKey' | 'credentials'>,
  fluent: Pick<FluentSandbox, 'url' | 'credentials'>,
): Record<string, string> {
  return {
    PORT: '0',
    HOST: '127.0.0.1',
    PUSH_AUTH: 'none',
    CTP_PROJECT_KEY: commercetools.projectKey,
    CTP_CLIENT_ID: commercetools.credentials.clientId,
    CTP_CLIENT_SECRET: commercetools.credentials.clientSecret,
    CTP_AUTH_URL: commercetools.url,
    CTP_API_URL: commercetools.url,
    FLUENT_API_URL: fluent.url,
    FLUENT_ACCOUNT: 'SANDBOX',
    FLUENT_CLIENT_ID: fluent.credentials.clientId,
    FLUENT_CLIENT_SECRET: fluent.credentials.clientSecret,
    FLUENT_USERNAME: fluent.credentials.username,
    FLUENT_PASSWORD: fluent.credentials.password,
    FLUENT_RETAILER_ID: '1',
  };
}
