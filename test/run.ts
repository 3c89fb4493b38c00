import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { report } from './report.ts';

// Runs the tests by tap: node test/run.ts [files and options of tap].

const OUTPUT = '.tap/output.tap';

// tap builds its plugins in its first run, and runs the tests of that run without them; so they are built before.
if (!existsSync('.tap/plugins')) {
  const { status, error } = spawnSync('tap', ['build'], { stdio: 'ignore' });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

// Many tests wait for another process, so two files for each core keep the cores busy.
const args = ['--reporter=tap', `--jobs=${2 * availableParallelism()}`, ...process.argv.slice(2)];
const tap = spawn('tap', args, { stdio: ['inherit', 'pipe', 'inherit'] });
tap.stdout.pipe(createWriteStream(OUTPUT));
const ended = once(tap, 'close');
const failed = await report(tap.stdout, OUTPUT, (line) => console.log(line));
await ended;
if (!failed && tap.exitCode !== 0)
  console.log(`tap ended with ${tap.exitCode ?? tap.signalCode}, though no test failed.`);
process.exitCode = failed ? 1 : (tap.exitCode ?? 1);
