import { execFileSync, spawnSync } from 'node:child_process';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';

const ROOT = join(import.meta.dirname, '..');
/** The files that the service, the command line or its user writes, which may contain secrets or personal data. */
const PRIVATE = [
  ...['.env', '.env.local', '.env.production', 'config/.env', 'npm-debug.log', 'logs/service.log'],
  ...['rejected.ndjson', 'reports/rejected.ndjson'],
  ...['.customer-sync-state.json', '.customer-sync-state.json.tmp', 'runs/.customer-sync-state.json'],
];
const PUBLIC = ['.env.example', 'package.json', 'src/main.ts', 'config/connector.yml', 'handlers/README.md'];

for (const file of ['.gitignore', '.gcloudignore'])
  t.test(`${file} excludes private files`, async (t) => {
    const folder = t.testdir();
    execFileSync('git', ['init', '--quiet', folder]);
    await copyFile(join(ROOT, file), join(folder, '.gitignore'));
    const ignored = (path: string) =>
      spawnSync('git', ['check-ignore', '--no-index', '--quiet', path], { cwd: folder }).status === 0;
    for (const path of PRIVATE) t.ok(ignored(path), path);
    for (const path of PUBLIC) t.notOk(ignored(path), path);
  });

t.test('.dockerignore includes only the files that the image needs, and no private ones', async (t) => {
  const lines = (await readFile(join(ROOT, '.dockerignore'), 'utf8')).trim().split('\n');
  t.equal(lines[0], '*');
  const after = lines.slice(
    lines.findLastIndex((line) => line.startsWith('!') && !line.includes('.env')) + 1,
  );
  // The last line that matches a path decides.
  const wanted = [
    'src/testing.ts',
    '**/.env*',
    '!**/.env.example',
    '**/*.log',
    '**/rejected.ndjson',
    '**/.customer-sync-state.json*',
  ];
  t.strictSame(after, wanted);
});
