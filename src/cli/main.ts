import { formatFaults } from '../configuration/faults.ts';
import { ConfigurationError } from '../configuration-error.ts';
import { runCommandLine } from './command-line.ts';
import { type ReadEnv, withEnvFile } from './env-file.ts';
import { EXIT } from './io.ts';

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interrupt.abort());

// Google's library warns where it finds no metadata server; the command reports missing credentials itself.
const listeners = process.listeners('warning');
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.name !== 'MetadataLookupWarning') for (const listener of listeners) listener(warning);
});

const args = process.argv.slice(2);
const { env, note } = await withEnvFile(args, process.env, process.cwd()).catch((error: unknown): ReadEnv => {
  if (!(error instanceof ConfigurationError)) throw error;
  process.stderr.write(`${formatFaults(error.faults)}\n`);
  process.exit(EXIT.usage);
});

if (note !== undefined) process.stderr.write(`${note}\n`);
process.exitCode = await runCommandLine(
  args,
  {
    env,
    stdin: process.stdin,
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    terminal: process.stderr.isTTY === true && process.env['CI'] !== 'true',
    signal: interrupt.signal,
    // Commands receive no pushes, so PUSH_AUTH is not required. The code of the configuration is loaded on demand, because not
    // every command reads it.
    async configuration(over) {
      const { loadConfiguration } = await import('../configuration/load.ts');
      return loadConfiguration({ PUSH_AUTH: 'none', ...env, ...over });
    },
  },
  formatFaults,
);
