import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';

const ROOT = join(import.meta.dirname, '../..');
const ENTRY_POINTS = ['src/start.js', 'src/cli/customer-sync.js'];
const PRETEND =
  'data:text/javascript,Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.11.0" } })';

/** The usual path of an older Node; without one, the version is simulated. */
const OLD = ['/usr/bin/node', '/usr/local/bin/node'].filter((path) => {
  const major = Number(
    spawnSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout?.split('.')[0],
  );
  return major < 24;
});

for (const entry of ENTRY_POINTS) {
  const runs = [
    { title: 'a pretended Node 20', node: process.execPath, args: [`--import=${PRETEND}`] },
    ...OLD.map((node) => ({ title: `the old Node ${node}`, node, args: [] })),
  ];
  for (const { title, node, args } of runs)
    t.test(`${entry} prints in one line which Node it needs on ${title}`, async (t) => {
      const { status, stdout, stderr } = spawnSync(node, [...args, join(ROOT, entry)], { encoding: 'utf8' });
      t.equal(status, 1);
      t.equal(stdout, '');
      t.match(stderr, /^Expected Node 24 or newer, found Node \d+\.\d+\.\d+ \(.+\)\. Install Node 24.*\n$/);
      t.equal(stderr.trim().split('\n').length, 1);
    });
}
