import { formatFaults } from '../../config/environment.ts';
import { loadConfiguration } from '../../config/load.ts';
import { runCommandLine } from './command-line.ts';

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());

process.exitCode = await runCommandLine(
  process.argv.slice(2),
  {
    env: process.env,
    stdin: process.stdin,
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    terminal: process.stderr.isTTY === true && process.env['CI'] !== 'true',
    signal: interrupt.signal,
    // The command line takes no pushes, so how they are authenticated need not be said.
    configuration: () => loadConfiguration({ PUSH_AUTH: 'none', ...process.env }),
  },
  formatFaults,
);
