import type { Event } from '../notification/event.ts';

/** A route of the configuration, before its handler is known. */
export interface RouteConfig {
  readonly name: string;
  readonly handlerName: string;
  /** As commercetools names types: `customer`. */
  readonly resourceType: string;
  /** Notification types and Message types; absent means all. */
  readonly filter?: readonly string[];
  /** All props but `name` and `inclusion-filter`, before the handler's schema has checked them. */
  readonly props: Readonly<Record<string, unknown>>;
  /** `file:line:column` of the value at a path inside the props, or of the nearest thing around it. */
  locate(path: readonly (string | number)[]): string;
  /** True where the value at a path inside the props came from the environment, and may be a secret. */
  isFromEnvironment(path: readonly (string | number)[]): boolean;
}

/** A line of the routing table: which events go to which handler. */
export interface Route {
  /** As in `commercetools.connect.customer.upsert`. */
  readonly name: string;
  /** As commercetools names types: `customer`. */
  readonly resourceType: string;
  /** The notification types and Message types that it matches; absent means all. */
  readonly filter?: ReadonlySet<string>;
  readonly handlerName: string;
}

/** Creates the message router: it returns the first route that matches an event, or undefined. */
export function createRouter<R extends Route>(
  routes: readonly R[],
): (event: Pick<Event, 'kind' | 'type' | 'resource'>) => R | undefined {
  const byType = Map.groupBy(routes, (route) => route.resourceType);
  return ({ kind, type, resource }) => {
    if (resource === undefined) return undefined;
    const candidates = byType.get(resource.typeId);
    return candidates?.find(({ filter }) => {
      return filter === undefined || filter.has(kind) || (type !== undefined && filter.has(type));
    });
  };
}

/** The routes that can never match an event, each with the names of the earlier routes that match all its events. */
export function unreachable(routes: readonly Route[]): { route: string; takenBy: string[] }[] {
  return routes.flatMap((route, index) => {
    const earlier = routes.slice(0, index).filter(({ resourceType }) => resourceType === route.resourceType);
    const everything = earlier.find(({ filter }) => filter === undefined);
    if (everything) return [{ route: route.name, takenBy: [everything.name] }];
    if (route.filter === undefined) return [];
    // Events match by kind or type, so a filter value that an earlier route has can never match here.
    const takers = [...route.filter].map((wanted) => earlier.find(({ filter }) => filter?.has(wanted))?.name);
    if (takers.includes(undefined)) return [];
    return [{ route: route.name, takenBy: [...new Set(takers.filter((name) => name !== undefined))] }];
  });
}
