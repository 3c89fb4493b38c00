import { buildApp } from './app.ts';
import { formatFaults } from './configuration/environment.ts';
import { loadConfiguration } from './configuration/load.ts';
import { ConfigurationError } from './configuration-error.ts';
import { createLog } from './observe/log.ts';
import { LogStream } from './observe/log-stream.ts';
import { listenFault } from './process/listen-error.ts';
import { createShutDown } from './process/shut-down.ts';
import { endOnUncaught } from './process/uncaught.ts';

const configuration = await loadConfiguration(process.env).catch((error: unknown) => {
  if (!(error instanceof ConfigurationError)) throw error;
  process.stderr.write(`${formatFaults(error.faults)}\n`);
  process.exit(1);
});

const { logLevel, errorMessages, host, port } = configuration.environment;
const log = createLog(logLevel, new LogStream(process.stdout), { errorMessages });
const app = await buildApp(configuration, log);

const shutDown = createShutDown(app, log, {
  terminal: process.stdin.isTTY === true,
  exit: (code) => process.exit(code),
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, shutDown);
endOnUncaught(process, log, () => shutDown('uncaught'));

await app.listen({ port, host }).catch((error: unknown) => {
  const fault = listenFault(error, host, port);
  if (fault === undefined) throw error;
  process.stderr.write(`${fault}\n`);
  log.flush(() => process.exit(1));
});
