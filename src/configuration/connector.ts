import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Fault } from '../configuration-error.ts';
import type { AccountConfig } from '../engine/accounts.ts';
import { codeOf } from '../observe/describe-error.ts';
import type { RouteConfig } from '../router/router.ts';
import { duplicates, toFaults } from './connector-faults.ts';
import { connectorSchema } from './connector-schema.ts';
import { parseSource, type SourceDocument } from './document.ts';
import { checkRouteNames } from './route-names.ts';
import { digitsAreText, substitute } from './substitute.ts';

type File = z.output<typeof connectorSchema>;

const Routes = z.object({ routes: connectorSchema.shape.routes });

export type { AccountConfig } from '../engine/accounts.ts';
export type { RouteConfig } from '../router/router.ts';

/**
 * The checked configuration of the connector, with the values of the environment. Contains secrets, so it must not be logged.
 */
export interface Connector {
  readonly accounts: readonly AccountConfig[];
  /** In the order of the file: the first that wants an event gets it. */
  readonly routes: readonly RouteConfig[];
}

/** The connector, its probable mistakes, and the variables in its file. */
export interface LoadedConnector {
  readonly connector: Connector;
  readonly warnings: readonly Fault[];
  readonly variables: ReadonlySet<string>;
}

/** The faults of the file, and the part of it that can still be checked. */
export interface FaultyConnector {
  readonly faults: readonly Fault[];
  readonly variables?: ReadonlySet<string>;
  /** Where nothing is wrong with the shape of the routes. */
  readonly routes?: readonly RouteConfig[];
}

/**
 * Reads the connector file, inserts the values of the environment and checks it. All faults are reported together, each with
 * `file:line:column` and without secrets; only invalid YAML hides other faults.
 */
export async function loadConnector(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
  read: (path: string, encoding: 'utf8') => Promise<string> = readFile,
): Promise<LoadedConnector | FaultyConnector> {
  let text: string;
  try {
    text = await read(path, 'utf8');
  } catch (error) {
    return { faults: [unreadable(path, error)] };
  }
  const source = parseSource(path, text);
  if (source.faults.length > 0) return { faults: [...source.faults] };
  digitsAreText(source, 'accounts');
  const { faults: missing, replaced, names } = substitute(source, env);
  let content: unknown;
  try {
    content = source.document.toJS();
  } catch {
    // The only way left to fail: aliases that name no anchor, or that multiply without end.
    return { faults: [{ where: `${path}:1:1`, expected: 'aliases of known anchors', found: 'others' }] };
  }
  const result = connectorSchema.safeParse(content, { reportInput: true });
  const wrong = [
    ...(result.error?.issues ?? []).flatMap((issue) => toFaults(issue, source)),
    ...duplicates(source),
  ];
  const named = checkRouteNames(content, source.locate);
  // The placeholder of a missing variable fails other checks too; one fault is enough.
  const known = new Set(missing.map(({ where }) => where));
  const faults = [...missing, ...[...wrong, ...named.faults].filter(({ where }) => !known.has(where))].sort(
    byLine,
  );
  if (faults.length > 0 || !result.success) {
    // A variable that is missing in an account must not hide a mistake in the mapping.
    const routes = Routes.safeParse(content).data?.routes;
    return { faults, variables: names, ...(routes && { routes: toRoutes(routes, source, replaced) }) };
  }
  return {
    connector: toConnector(result.data, source, replaced),
    warnings: named.warnings,
    variables: names,
  };
}

const byLine = (a: Fault, b: Fault) => a.where.localeCompare(b.where, 'en', { numeric: true });

function unreadable(path: string, error: unknown): Fault {
  const code = codeOf(error) ?? 'an unknown error';
  return {
    where: path,
    expected: 'a file that can be read',
    found: code === 'ENOENT' ? 'no such file' : code,
    advice: 'Set CONNECTOR_CONFIG to the path of the connector file, from the directory of the start.',
  };
}

function toConnector(
  { accounts, routes }: File,
  source: SourceDocument,
  replaced: ReadonlySet<string>,
): Connector {
  return {
    accounts: accounts.map(
      ({ commercetools: { scopes, ...commercetools }, fluent: { account, ...fluent } }) => ({
        commercetools: scopes?.length ? { ...commercetools, scopes } : commercetools,
        fluent: account ? { ...fluent, account } : fluent,
      }),
    ),
    routes: toRoutes(routes, source, replaced),
  };
}

function toRoutes(
  routes: File['routes'],
  source: SourceDocument,
  replaced: ReadonlySet<string>,
): RouteConfig[] {
  return routes.map((route, index) =>
    toRouteConfig(
      route,
      (path) => source.locate(['routes', index, 'props', ...path]),
      (line) => replaced.has(line),
    ),
  );
}

/**
 * A route in the file. `locate` returns the position of a value of its props, `isReplaced` whether that value comes from the
 * environment.
 */
export function toRouteConfig(
  { route, handler, props }: File['routes'][number],
  locate: RouteConfig['locate'],
  isReplaced: (line: string) => boolean = () => false,
): RouteConfig {
  const { name, 'inclusion-filter': filter, ...rest } = props;
  return {
    name: route,
    handlerName: handler ?? route.split('.').slice(-2).join('-'),
    resourceType: name,
    ...(filter ? { filter } : {}),
    props: rest,
    locate,
    isFromEnvironment: (path) => isReplaced(locate(path)),
  };
}
