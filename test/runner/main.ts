import { spawnSync } from 'node:child_process';
import { createWriteStream, existsSync, globSync, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import PQueue from 'p-queue';
import { startPubSubEmulator } from '../sandbox/pubsub-emulator.ts';
import { SHARED_EMULATOR } from '../sandbox/shared-emulator.ts';
import { aloneIn, groupsOf } from './groups.ts';
import { lineOf, summary } from './report.ts';
import { runGroup } from './run-group.ts';

// Runs the tests: node test/runner/main.ts [files].

const OUTPUT = '.tap/output.tap';

// tap generates its test class, with the plugins that package.json names, before it can be imported.
if (!existsSync('node_modules/@tapjs/test/test-built')) {
  const { status, error } = spawnSync('tap', ['build'], { stdio: 'ignore' });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

const SHARED_PROCESSES = 8;
const given = process.argv.slice(2);
// Many tests wait for another process, so three for each core keep the cores busy.
const atOnce = 3 * availableParallelism();
const groups =
  given.length > 0 ? given.map(aloneIn) : groupsOf(globSync('test/**/*.test.ts').sort(), SHARED_PROCESSES);
// One emulator for all; a few files alone may need none, and start their own. Where it is missing each test says so.
const started = given.length === 0 ? await startPubSubEmulator() : undefined;
const emulator = started && 'host' in started ? started : undefined;
const env = { ...process.env, ...(emulator && { [SHARED_EMULATOR]: emulator.host }) };

const queue = new PQueue({ concurrency: atOnce });
mkdirSync('.tap', { recursive: true });
const output = createWriteStream(OUTPUT);
const results = await queue.addAll(
  groups.map((group) => async () => {
    const result = await runGroup(group, env);
    console.log(lineOf(result));
    // As each ends: a run that is broken off leaves what it has.
    output.write(`# ${group.name}\n${result.output}\n`);
    return result;
  }),
);
await emulator?.stop();
output.end();
console.log(summary(results, OUTPUT));
process.exitCode = results.some(({ failures }) => failures.length > 0) ? 1 : 0;
