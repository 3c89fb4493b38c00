type Env = Readonly<Record<string, string | undefined>>;

const REGION = /^[a-z0-9]+([.-][a-z0-9]+)*$/;

/**
 * Converts the variables of commercetools Connect to those of the connector file: both URLs from the region, and the scope of
 * Connect's API client. Variables with the usual names take precedence.
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
