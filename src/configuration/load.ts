import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError, type Fault } from '../configuration-error.ts';
import { PACKAGE_ROOT } from '../process/package-root.ts';
import { type BoundRoute, bindRoutes } from '../router/bind-routes.ts';
import { type LoadedHandler, loadHandlers } from '../router/load-handlers.ts';
import { withConnectNames } from './connect-names.ts';
import { type Connector, loadConnector } from './connector.ts';
import { type Environment, readEnvironment, variableNames } from './environment.ts';
import { misspeltVariables } from './misspelt-variables.ts';

/** All that the service starts from, checked. */
export interface Configuration {
  readonly environment: Environment;
  readonly connector: Connector;
  readonly handlers: ReadonlyMap<string, LoadedHandler>;
  readonly routes: readonly BoundRoute[];
  /** Probable mistakes, which do not prevent the start. */
  readonly warnings: readonly Fault[];
}

const SHIPPED_HANDLERS = join(import.meta.dirname, '../../handlers');

/**
 * Reads the environment, the connector file, the handlers and the routes' props. Throws a `ConfigurationError` with all
 * faults. `handlersFolder` replaces the shipped folder.
 */
export async function loadConfiguration(
  given: Readonly<Record<string, string | undefined>>,
  handlersFolder?: string,
): Promise<Configuration> {
  const env = withConnectNames(given);
  const faults: Fault[] = [];
  const read = readEnvironment(env);
  if ('faults' in read) faults.push(...read.faults);
  const loaded = await loadConnector(connectorFile(env), env);
  if ('faults' in loaded) faults.push(...loaded.faults);

  // Without the file it is not known which variables it names.
  const misspelt = loaded.variables ? misspeltVariables(env, [...variableNames, ...loaded.variables]) : [];
  const named = 'environment' in read ? read.environment.handlerFolders : [];
  const own = handlersFolder === undefined ? ownHandlerFolders(named) : named;
  const handlers = await collect(loadHandlers(handlersFolder ?? SHIPPED_HANDLERS, own), faults);
  const settings = 'environment' in read ? read.environment : { duplicateMemorySeconds: 0 };
  const configs = 'connector' in loaded ? loaded.connector.routes : loaded.routes;
  const known = new Set(faults.map(({ where }) => where));
  const unbound: Fault[] = [];
  const routes =
    handlers && configs ? await collect(bindRoutes(configs, handlers, settings), unbound) : undefined;
  // The placeholder of a missing variable fails other checks too.
  faults.push(...unbound.filter(({ where }) => !known.has(where)));
  if (faults.length === 0 && 'environment' in read && 'connector' in loaded && handlers && routes)
    return {
      environment: read.environment,
      connector: loaded.connector,
      handlers,
      routes,
      warnings: [...loaded.warnings, ...misspelt],
    };
  throw new ConfigurationError([...faults, ...misspelt]);
}

const DEFAULT_CONNECTOR = 'config/connector.yml';

/** The connector file: the one that CONNECTOR_CONFIG names, else the folder's own, else the shipped one. */
export function connectorFile(env: Readonly<Record<string, string | undefined>>): string {
  const named = env['CONNECTOR_CONFIG']?.trim();
  if (named) return named;
  return existsSync(DEFAULT_CONNECTOR) ? DEFAULT_CONNECTOR : join(PACKAGE_ROOT, DEFAULT_CONNECTOR);
}

/**
 * The folders of additional handlers: those of HANDLERS_DIR, or else `handlers` in the working directory, unless that is the
 * shipped folder.
 */
export function ownHandlerFolders(named: readonly string[]): readonly string[] {
  if (named.length > 0) return named;
  const isThere = existsSync('handlers');
  return isThere && realpathSync('handlers') !== realpathSync(SHIPPED_HANDLERS) ? ['handlers'] : [];
}

async function collect<T>(work: Promise<T>, faults: Fault[]): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    faults.push(...error.faults);
    return undefined;
  }
}
