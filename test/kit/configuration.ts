import { formatFaults } from '../../src/configuration/environment.ts';
import { type Configuration, loadConfiguration } from '../../src/configuration/load.ts';
import { ConfigurationError } from '../../src/configuration-error.ts';

/** The configuration and the handlers of a test. */
export interface Project {
  /** The path of the connector file; default: `config/connector.yml` in the working directory, or else the shipped one. */
  readonly connectorConfig?: string;
  /** The folders of your handlers; default: `handlers` in the working directory, if it exists. */
  readonly handlersDir?: string | readonly string[];
  /** Additional variables of the connector file, or variables to override. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Reads the configuration like the service; `joined` contains the variables of the stand-ins. Throws an error with all faults.
 */
export async function configure(
  { connectorConfig, handlersDir, env = {} }: Project,
  joined: Readonly<Record<string, string>>,
): Promise<Configuration> {
  const all = {
    ...joined,
    // A notification that is sent twice must be handled twice.
    DUPLICATE_MEMORY_SECONDS: '0',
    ACK_DEADLINE_SECONDS: '60',
    ...(handlersDir && { HANDLERS_DIR: [handlersDir].flat().join(',') }),
    ...(connectorConfig && { CONNECTOR_CONFIG: connectorConfig }),
    ...env,
  };
  return loadConfiguration(all).catch((error: unknown) => {
    if (error instanceof ConfigurationError) throw new Error(formatFaults(error.faults), { cause: error });
    throw error;
  });
}
