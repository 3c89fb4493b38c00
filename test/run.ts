import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { report } from './report.ts';
import { startPubSubEmulator } from './sandbox/pubsub-emulator.ts';
import { SHARED_EMULATOR } from './sandbox/shared-emulator.ts';

// Runs the tests by tap: node test/run.ts [files and options of tap].

const OUTPUT = '.tap/output.tap';

// tap builds its plugins in its first run, and runs the tests of that run without them; so they are built before.
if (!existsSync('.tap/plugins')) {
  const { status, error } = spawnSync('tap', ['build'], { stdio: 'ignore' });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

// Many tests wait for another process, so two files for each core keep the cores busy.
const given = process.argv.slice(2);
const args = ['--reporter=tap', `--jobs=${2 * availableParallelism()}`, ...given];
// One emulator for all; a few files alone may need none, and start their own. Where it is missing each test says so.
const started = given.length === 0 ? await startPubSubEmulator() : undefined;
const emulator = started && 'host' in started ? started : undefined;
const env = { ...process.env, ...(emulator && { [SHARED_EMULATOR]: emulator.host }) };
const tap = spawn('tap', args, { env, stdio: ['inherit', 'pipe', 'inherit'] });
tap.stdout.pipe(createWriteStream(OUTPUT));
const ended = once(tap, 'close');
const failed = await report(tap.stdout, OUTPUT, (line) => console.log(line));
await ended;
await emulator?.stop();
if (!failed && tap.exitCode !== 0)
  console.log(`tap ended with ${tap.exitCode ?? tap.signalCode}, though no test failed.`);
process.exitCode = failed ? 1 : (tap.exitCode ?? 1);
