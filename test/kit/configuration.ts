import { formatFaults } from '../../src/configuration/environment.ts';
import { type Configuration, loadConfiguration } from '../../src/configuration/load.ts';
import { ConfigurationError } from '../../src/configuration-error.ts';

/** Which configuration and which handlers a test works with. */
export interface Project {
  /** The connector file; `config/connector.yml` of the folder of the start, or else the shipped one, when left out. */
  readonly connectorConfig?: string;
  /** The folders of your handlers; `handlers` in the folder of the start, where there is one, when left out. */
  readonly handlersDir?: string | readonly string[];
  /** Variables that the connector file names besides, or that a test wants otherwise. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Reads the configuration as the service does; `joined` is the environment that leads to the stand-ins. Its faults are the message. */
export async function configure(
  { connectorConfig, handlersDir, env = {} }: Project,
  joined: Readonly<Record<string, string>>,
): Promise<Configuration> {
  const all = {
    ...joined,
    // A notification that is sent twice is to be handled twice.
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
