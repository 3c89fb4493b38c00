import { formatFaults } from '../config/environment.ts';
import { loadConfiguration } from '../config/load.ts';
import { buildApp } from './app.ts';
import { ConfigurationError } from './configuration-fault.ts';
import { createLog } from './log.ts';
import { createShutDown } from './shut-down.ts';

const configuration = await loadConfiguration(process.env).catch((error: unknown) => {
  if (!(error instanceof ConfigurationError)) throw error;
  process.stderr.write(`${formatFaults(error.faults)}\n`);
  process.exit(1);
});

const { logLevel, host, port } = configuration.environment;
const log = createLog(logLevel);
const app = await buildApp(configuration, log);

const shutDown = createShutDown(app, log, {
  terminal: process.stdin.isTTY === true,
  exit: (code) => process.exit(code),
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, shutDown);
process.on('unhandledRejection', (error) =>
  log.error({ err: error }, 'A promise was rejected and nobody noticed.'),
);

await app.listen({ port, host });
