import { ConfigurationError } from '../../configuration-error.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Returns the variables of the set-up's own API client, which replaces the service's: the service's client needs no
 * permission to manage subscriptions. Throws a `ConfigurationError` if only the id or only the secret is set.
 */
export function setUpClient(env: Env): Env {
  const id = env['SETUP_CTP_CLIENT_ID']?.trim();
  const secret = env['SETUP_CTP_CLIENT_SECRET']?.trim();
  if (!id && !secret) return {};
  if (id && secret)
    return { CTP_CLIENT_ID: id, CTP_CLIENT_SECRET: secret, CTP_SCOPES: env['SETUP_CTP_SCOPES'] ?? '' };
  throw new ConfigurationError([
    {
      where: `environment ${id ? 'SETUP_CTP_CLIENT_SECRET' : 'SETUP_CTP_CLIENT_ID'}`,
      expected: `a value, because ${id ? 'SETUP_CTP_CLIENT_ID' : 'SETUP_CTP_CLIENT_SECRET'} is set`,
      found: 'nothing',
      advice: "Set both for the set-up's own API client, or neither to use the service's.",
    },
  ]);
}
