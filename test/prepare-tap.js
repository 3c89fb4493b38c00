import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

// tap builds its plugins in its first run, and runs the tests of that run without them; so they are built before.
if (!existsSync('.tap/plugins')) {
  const { status } = spawnSync('tap', ['build'], { stdio: 'ignore', shell: true });
  process.exit(status ?? 1);
}
