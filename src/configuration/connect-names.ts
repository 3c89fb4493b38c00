type Env = Readonly<Record<string, string | undefined>>;

const REGION = /^[a-z0-9]+([.-][a-z0-9]+)*$/;

/**
 * Puts the names of the connector file in place of those that commercetools Connect gives: the region for both addresses, and
 * the scope of the API client that it makes. What is set under the usual names wins.
 */
export function withConnectNames({ CTP_CLIENT_REGION, CTP_CLIENT_SCOPE, ...env }: Env): Env {
  const region = CTP_CLIENT_REGION?.trim();
  const scope = CTP_CLIENT_SCOPE?.trim();
  const added: Record<string, string> = {};
  if (region && REGION.test(region)) {
    added['CTP_AUTH_URL'] = `https://auth.${region}.commercetools.com`;
    added['CTP_API_URL'] = `https://api.${region}.commercetools.com`;
  }
  if (scope) added['CTP_SCOPES'] = scopesOf(scope, env['CTP_PROJECT_KEY']?.trim());
  const missing = Object.entries(added).filter(([name]) => !env[name]?.trim());
  return { ...env, ...Object.fromEntries(missing) };
}

/** Whether Connect names the project in each scope is not documented; commercetools' tokens need it. */
function scopesOf(scope: string, projectKey: string | undefined): string {
  const scopes = scope.split(/[\s,]+/).filter((one) => one !== '');
  return scopes.map((one) => (one.includes(':') || !projectKey ? one : `${one}:${projectKey}`)).join(' ');
}
