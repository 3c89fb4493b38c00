import { setTimeout as sleep } from 'node:timers/promises';
import { formatFaults } from '../config/environment.ts';
import { loadConfiguration } from '../config/load.ts';
import { buildApp } from './app.ts';
import { ConfigurationError } from './configuration-fault.ts';
import { createLog } from './log.ts';

const CLOSE_MILLISECONDS = 1_000;

const configuration = await loadConfiguration(process.env).catch((error: unknown) => {
  if (!(error instanceof ConfigurationError)) throw error;
  process.stderr.write(`${formatFaults(error.faults)}\n`);
  process.exit(1);
});

const { logLevel, host, port } = configuration.environment;
const log = createLog(logLevel);
const app = await buildApp(configuration, log);

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void shutDown(signal));
process.on('unhandledRejection', (error) =>
  log.error({ err: error }, 'A promise was rejected and nobody noticed.'),
);

await app.listen({ port, host });

async function shutDown(signal: string): Promise<void> {
  log.info({ signal }, 'Shutting down: no more pushes are taken in.');
  await app.drain();
  // An idle connection, or a body that trickles in, must not hold the process until it is killed.
  const closed = app.close().then(
    () => log.info('Everything under way is finished.'),
    (error: unknown) => log.error({ err: error }, 'Not everything could be closed.'),
  );
  await Promise.race([closed, sleep(CLOSE_MILLISECONDS)]);
  log.flush(() => process.exit(0));
}
