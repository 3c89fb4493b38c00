import { hash } from 'node:crypto';
import { ConfigurationError, type Fault } from '../configuration-error.ts';
import type { Handle, Previewing, Settings } from '../handler.ts';
import { placeOf } from '../observe/describe-error.ts';
import type { LoadedHandler } from './load-handlers.ts';
import { propFaults, UnusableProps } from './prop-faults.ts';
import { type Route, type RouteConfig, unreachable } from './router.ts';

/** A route with its handler. */
export interface BoundRoute extends Route {
  readonly handler: LoadedHandler;
  readonly handle: Handle;
  /** Set if the handler has a preview. */
  readonly preview?: Previewing['preview'];
  /** The Fluent attribute that holds the id of the commercetools customer, if the handler names one. */
  readonly idAttribute?: string;
  readonly projectAttribute?: string;
  readonly sentFields?: Previewing['sentFields'];
  /** Of what decides the values that are written: of the mapping, or of all props where the handler names none. */
  readonly fingerprint: string;
  /** `file:line:column` of the prop that a field of Fluent comes from, if the handler knows it. */
  lineOf?(field: string): string;
}

/**
 * Finds the handler of every route and creates it with the route's props. Throws a `ConfigurationError` with all
 * faults.
 */
export async function bindRoutes(
  routes: readonly RouteConfig[],
  handlers: ReadonlyMap<string, LoadedHandler>,
  settings: Settings,
): Promise<BoundRoute[]> {
  const faults: Fault[] = [];
  const bound: BoundRoute[] = [];
  for (const route of routes) {
    const handler = handlers.get(route.handlerName);
    if (!handler) {
      faults.push(noHandler(route, [...handlers.keys()]));
      continue;
    }
    const props = handler.handler.props.safeParse(route.props, { reportInput: true });
    if (!props.success) {
      for (const issue of props.error.issues) faults.push(...propFaults(route, handler.handler.props, issue));
      continue;
    }
    try {
      const handle = await handler.handler.create(props.data, settings);
      const { sourceOf, mapping, ...previewing } =
        (await handler.handler.createPreview?.(props.data, settings)) ?? {};
      const lineOf = sourceOf && ((field: string) => route.locate(sourceOf(field)));
      const fingerprint = fingerprintOf(mapping ?? props.data);
      bound.push({
        ...withSet(route),
        handler,
        handle,
        fingerprint,
        ...previewing,
        ...(lineOf && { lineOf }),
      });
    } catch (error) {
      faults.push(...notCreated(route, handler, error));
    }
  }
  // Routes that cannot be bound count as well: they would match their events once they are corrected.
  for (const { route, takenBy } of unreachable(routes.map(withSet)))
    faults.push({
      where: routes.find(({ name }) => name === route)?.locate([]) ?? route,
      expected: `an event for route ${route} that no route above matches`,
      found: `${takenBy.join(' and ')} above it match all of them`,
      advice: 'Put the narrower route first, or drop one of the two.',
    });
  if (faults.length > 0) throw new ConfigurationError(faults);
  return bound;
}

function withSet({ name, handlerName, resourceType, filter }: RouteConfig): Route {
  return { name, handlerName, resourceType, ...(filter && { filter: new Set(filter) }) };
}

function noHandler({ locate, name, handlerName }: RouteConfig, known: readonly string[]): Fault {
  return {
    where: locate([]),
    expected: `a handler for route ${name}: one of ${known.join(', ')}`,
    found: `no handlers/${handlerName}`,
    advice:
      'The last two segments of the route name the handler; `handler:` beside `route:` names another. HANDLERS_DIR names the folders of your own.',
  };
}

function notCreated({ locate }: RouteConfig, { source }: LoadedHandler, error: unknown): Fault[] {
  if (error instanceof UnusableProps)
    return error.props.map(({ path, expected, ...rest }) => ({
      where: locate(path),
      expected: `${['props', ...path].join('.')}: ${expected}`,
      ...rest,
    }));
  const found = error instanceof Error ? error.message : 'an unknown error';
  const place = placeOf(error);
  const at = place === undefined ? '' : ` (${place})`;
  return [{ where: locate([]), expected: `props that ${source} accepts`, found: found + at }];
}

const FINGERPRINT_LENGTH = 12;

/** A short hash of a value, independent of the order of its keys. */
export function fingerprintOf(value: unknown): string {
  return hash('sha256', JSON.stringify(value, sorted) ?? '').slice(0, FINGERPRINT_LENGTH);
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
