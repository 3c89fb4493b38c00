import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { ConfigurationError } from '../../configuration-error.ts';
import { PACKAGE_ROOT } from '../../process/package-root.ts';
import { V8_OPTIONS } from '../../process/service-command.ts';
import { APP, connectYaml } from './specification.ts';

/** The inputs of the tree. */
export interface PackageInputs {
  readonly folder: string;
  /** The connector file. */
  readonly connector: string;
  /** The folders of additional handlers. */
  readonly handlers: readonly string[];
  readonly resourceTypes: readonly string[];
}

const CODE = ['src', 'dist', 'routes', 'handlers'];
const NOT_FOR_CONNECT =
  /(\.test\.[jt]s|\.d\.ts|README\.md|[\\/]src[\\/]testing\.ts)$|[\\/](node_modules|\.git|dist[\\/]test)$/;

const Manifest = z.looseObject({ dependencies: z.record(z.string(), z.string()) });
const Lock = z.looseObject({
  packages: z.record(
    z.string(),
    z.looseObject({ dev: z.boolean().optional(), devOptional: z.boolean().optional() }),
  ),
});

/**
 * Writes the repository for Connect: `connect.yaml`, and the app in a folder, because Connect accepts no app in the root.
 * Returns whether the versions of the dependencies are locked. Throws a `ConfigurationError` for a folder that is not empty.
 */
export async function writeConnectPackage(inputs: PackageInputs): Promise<{ readonly locked: boolean }> {
  const { folder, connector, handlers, resourceTypes } = inputs;
  await requireEmpty(folder);
  const app = join(folder, APP);
  await mkdir(join(app, 'config'), { recursive: true });
  for (const name of CODE) await copyCode(join(PACKAGE_ROOT, name), join(app, name));
  for (const [index, own] of handlers.entries()) await copyCode(own, join(app, ownFolder(own, index)));
  const text = await readFile(connector, 'utf8');
  await writeFile(join(app, 'config/connector.yml'), text);
  await writeFile(join(folder, 'connect.yaml'), connectYaml(text, resourceTypes));
  const manifest = manifestFor(
    Manifest.parse(JSON.parse(await readFile(join(PACKAGE_ROOT, 'package.json'), 'utf8'))),
    handlers.map(ownFolder),
  );
  await writeJson(join(app, 'package.json'), manifest);
  const lock = await readFile(join(PACKAGE_ROOT, 'package-lock.json'), 'utf8').catch(() => undefined);
  if (lock === undefined) return { locked: false };
  await writeJson(join(app, 'package-lock.json'), lockFor(Lock.parse(JSON.parse(lock)), manifest));
  return { locked: true };
}

function ownFolder(path: string, index: number): string {
  return `own-handlers/${index + 1}-${basename(path).replaceAll(/[^\w-]/g, '-')}`;
}

async function requireEmpty(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  // A repository of its own is where the tree is committed and tagged.
  if (names.every((name) => name === '.git')) return;
  throw new ConfigurationError([
    {
      where: folder,
      expected: 'an empty folder, or one that does not exist yet',
      found: `${names.length} files in it`,
      advice: 'Choose another folder, or empty this one: nothing is overwritten.',
    },
  ]);
}

async function copyCode(from: string, to: string): Promise<void> {
  await cp(from, to, {
    recursive: true,
    dereference: true,
    filter: (path) => !NOT_FOR_CONNECT.test(path),
  }).catch((error: unknown) => {
    // The package has compiled code, the repository has TypeScript: each lacks some of the folders.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  });
}

function manifestFor(manifest: z.output<typeof Manifest>, handlers: readonly string[]) {
  const own = handlers.length > 0 ? `HANDLERS_DIR=${handlers.join(',')} ` : '';
  const { name, version, description, license, type, engines, bin, exports, dependencies } = manifest;
  const scripts = {
    // Connect documents no authentication of its pushes; a push only makes the service read an id again.
    // `exec`, because npm passes SIGTERM to its shell alone, and the service would end in the middle of its events.
    start: `exec env NODE_ENV=production PUSH_AUTH=none ${own}node ${V8_OPTIONS.join(' ')} src/start.js`,
    'connector:post-deploy': `${own}node src/cli/customer-sync.js connect-post-deploy`,
    'connector:pre-undeploy': `${own}node src/cli/customer-sync.js connect-pre-undeploy`,
  };
  return {
    name,
    version,
    description,
    license,
    private: true,
    type,
    engines,
    scripts,
    bin,
    exports,
    dependencies,
  };
}

/** The lock file without development dependencies, because `npm ci` refuses a lock file that differs from the manifest. */
function lockFor(lock: z.output<typeof Lock>, manifest: ReturnType<typeof manifestFor>) {
  const { name, version, license, engines, bin, dependencies } = manifest;
  const production = Object.entries(lock.packages).filter(
    ([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional,
  );
  const packages = {
    '': { name, version, license, dependencies, bin, engines },
    ...Object.fromEntries(production),
  };
  return { ...lock, packages };
}

async function writeJson(file: string, value: unknown): Promise<void> {
  await writeFile(file, `${JSON.stringify(value, null, 2)}\n`);
}
