import type { Account } from '../handler.ts';
import type { BoundRoute } from './bind-routes.ts';
import type { LoadedHandler } from './load-handlers.ts';

/** The routing table, one line a route: which events go to which handler, its source, and the mapping's fingerprint. */
export function describeRoutes(routes: readonly BoundRoute[]): object[] {
  return routes.map(({ name, resourceType, filter, handler, fingerprint }) => ({
    route: name,
    resourceType,
    filter: filter ? [...filter] : 'everything',
    handler: handler.name,
    source: handler.source,
    fingerprint,
  }));
}

/** The handlers that replace shipped ones, one line each. */
export function describeReplacements(handlers: ReadonlyMap<string, LoadedHandler>): object[] {
  return [...handlers.values()].flatMap(({ name, source, replaces }) =>
    replaces === undefined ? [] : [{ handler: name, source, replaces }],
  );
}

/** The routes, handlers and accounts, without secrets: the response of `GET /connector`. */
export function describeConnector(
  routes: readonly BoundRoute[],
  handlers: ReadonlyMap<string, LoadedHandler>,
  accounts: readonly Account[],
): object {
  const inUse = new Set(routes.map(({ handler }) => handler.name));
  return {
    routes: describeRoutes(routes),
    handlers: [...handlers.values()].map(({ name, handler, source, replaces }) => ({
      name,
      description: handler.description,
      source,
      ...(replaces && { replaces }),
      active: inUse.has(name),
    })),
    accounts,
  };
}
