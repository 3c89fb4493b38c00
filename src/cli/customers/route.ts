import type { Configuration } from '../../configuration/load.ts';
import { ConfigurationError } from '../../configuration-error.ts';
import type { BoundRoute } from '../../router/bind-routes.ts';
import { createRouter } from '../../router/router.ts';

/** The selected account. Throws a `ConfigurationError` when none, or none of several, is named. */
export function projectKeyOf(configuration: Configuration, requested: string | undefined): string {
  const keys = configuration.connector.accounts.map(({ commercetools }) => commercetools.projectKey);
  const [only, ...others] = keys;
  if (requested !== undefined && keys.includes(requested)) return requested;
  if (requested === undefined && only !== undefined && others.length === 0) return only;
  throw noAccount(configuration);
}

/** The error text for an unknown account. */
export function noAccount({ connector }: Configuration): ConfigurationError {
  const keys = connector.accounts.map(({ commercetools }) => commercetools.projectKey);
  return new ConfigurationError([
    {
      where: '--account',
      expected: `the project key of an account: ${keys.join(', ')}`,
      found: 'another one, or none',
      advice: 'Each run uses one account: select it, for example with --account my-project.',
    },
  ]);
}

/** The route that handles changes of customers. */
export function findCustomerRoute({ routes }: Configuration): BoundRoute | undefined {
  const routeOf = createRouter(routes);
  const resource = { typeId: 'customer', id: '-', identifiers: {} };
  return routeOf({ kind: 'ResourceUpdated', resource }) ?? routeOf({ kind: 'ResourceCreated', resource });
}

/** As `findCustomerRoute`. Throws a `ConfigurationError` when there is none. */
export function customerRoute(configuration: Configuration): BoundRoute {
  const route = findCustomerRoute(configuration);
  if (route) return route;
  throw new ConfigurationError([
    {
      where: 'routes',
      expected: 'a route that matches ResourceUpdated or ResourceCreated of customers',
      found: 'none',
      advice: 'Add one, such as commercetools.connect.customer.upsert.',
    },
  ]);
}

/** The project keys of the accounts that feed the same customers of Fluent, this one's among them. */
export function siblingsOf({ connector }: Configuration, projectKey: string): string[] {
  const feeds = ({ fluent }: Configuration['connector']['accounts'][number]) =>
    JSON.stringify([fluent.apiUrl, fluent.account ?? '', fluent.retailerId]);
  const own = connector.accounts.find(({ commercetools }) => commercetools.projectKey === projectKey);
  return connector.accounts
    .filter((account) => own && feeds(account) === feeds(own))
    .map(({ commercetools }) => commercetools.projectKey);
}
