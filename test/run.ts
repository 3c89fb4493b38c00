import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';

// Runs the tests by tap: node test/run.ts [files and options of tap].

// tap builds its plugins in its first run, and runs the tests of that run without them; so they are built before.
if (!existsSync('.tap/plugins')) tap(['build'], 'ignore');
// Many tests wait for another process, so two files for each core keep the cores busy.
tap([`--jobs=${2 * availableParallelism()}`, ...process.argv.slice(2)], 'inherit');

function tap(args: readonly string[], stdio: 'ignore' | 'inherit'): void {
  const { status, error } = spawnSync('tap', args, { stdio });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
