import { execFile } from 'node:child_process';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { ConfigurationError, type Fault } from '../configuration-error.ts';
import type { Handler } from '../handler.ts';
import { codeOf, placeOf, shortPlace } from '../observe/describe-error.ts';
import { RESOLVE_PACKAGE } from '../process/package-root.ts';

/** A handler and where it came from. */
export interface LoadedHandler {
  readonly name: string;
  readonly handler: Handler;
  /** The path, such as `handlers/customer-upsert`; for an additional handler, with its folder as in HANDLERS_DIR. */
  readonly source: string;
  /** The source of the handler that it replaces. */
  readonly replaces?: string;
}

const Shape = z.object({
  description: z.string(),
  props: z.instanceof(z.ZodType),
  readsCurrentState: z.boolean(),
  create: z.function(),
});

/** One file or folder that holds a handler. */
interface Candidate {
  readonly name: string;
  readonly file: string;
  readonly source: string;
}

/**
 * Loads the handlers of the shipped folder, then of the own folders: `<name>.ts`, `<name>.js`, or `<name>/index.ts`. A handler
 * of a later folder, or of `custom/` in a folder, replaces an earlier one of the same name. Throws a `ConfigurationError` with
 * every file that cannot be loaded or does not export a handler.
 */
export async function loadHandlers(
  shipped: string,
  own: readonly string[] = [],
): Promise<Map<string, LoadedHandler>> {
  const faults: Fault[] = [];
  const handlers = new Map<string, LoadedHandler>();
  const folders = [{ path: shipped, label: 'handlers', isOwn: false }];
  for (const path of own) {
    if (!(await isFolder(path))) faults.push(unusableFolder(`no folder ${path}`));
    else if (!(await isSame(path, shipped)))
      folders.push({ path, label: path.replace(/\/+$/, ''), isOwn: true });
  }
  if (folders.length > 1) await import(RESOLVE_PACKAGE);
  for (const { path, label, isOwn } of folders) {
    const names = await namesIn(path, faults);
    await loadAll(await candidates(path, names, label, isOwn, faults), handlers, faults);
    if (!names.includes('custom')) continue;
    const custom = join(path, 'custom');
    const customNames = await namesIn(custom, faults);
    await loadAll(await candidates(custom, customNames, `${label}/custom`, isOwn, faults), handlers, faults);
  }
  if (faults.length > 0) throw new ConfigurationError(faults);
  return handlers;
}

async function loadAll(
  found: readonly Candidate[],
  handlers: Map<string, LoadedHandler>,
  faults: Fault[],
): Promise<void> {
  const here = new Map<string, string>();
  for (const candidate of found) {
    const { name, source } = candidate;
    const loaded = await load(candidate);
    if ('fault' in loaded) {
      faults.push(loaded.fault);
      continue;
    }
    const existing = here.get(name);
    if (existing !== undefined)
      faults.push({ where: source, expected: 'one handler of each name', found: `${existing} as well` });
    here.set(name, source);
    const replaced = handlers.get(name);
    handlers.set(name, {
      name,
      handler: loaded.handler,
      source,
      ...(replaced && { replaces: replaced.source }),
    });
  }
}

/** The files and folders that should hold a handler; other entries of an own folder are ignored. */
async function candidates(
  folder: string,
  names: readonly string[],
  label: string,
  isOwn: boolean,
  faults: Fault[],
): Promise<Candidate[]> {
  const found: Candidate[] = [];
  for (const entry of names.toSorted()) {
    if (entry === 'custom' || entry === 'node_modules' || entry.startsWith('.')) continue;
    const path = join(folder, entry);
    const source = `${label}/${entry}`;
    // The entries of a volume that Kubernetes mounts are symlinks.
    if (await isFolder(path)) {
      const index =
        indexOf(path, await namesIn(path, faults)) ?? (isOwn ? undefined : join(path, 'index.ts'));
      if (index !== undefined) found.push({ name: entry, file: index, source });
    } else if (/\.[jt]s$/.test(entry) && !/\.(d|test|spec)\.[jt]s$/.test(entry))
      found.push({ name: entry.replace(/\.[jt]s$/, ''), file: path, source });
  }
  return found;
}

/** The entries of a folder; none if it does not exist. A handler that is there and cannot be read must not be left out. */
async function namesIn(folder: string, faults: Fault[]): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (['EACCES', 'EPERM'].includes(codeOf(error) ?? ''))
      faults.push(unusableFolder(`the folder ${folder}, which this user may not read`));
    return [];
  }
}

function indexOf(folder: string, names: readonly string[]): string | undefined {
  const name = ['index.ts', 'index.js'].find((one) => names.includes(one));
  return name && join(folder, name);
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

async function isSame(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map((path) => realpath(path).catch(() => path)));
  return first === second;
}

function unusableFolder(found: string): Fault {
  return {
    where: 'environment HANDLERS_DIR',
    expected: 'folders of handlers, separated by commas',
    found,
    advice: 'A path that does not start with / counts from the folder of the start.',
  };
}

async function load({ file, source }: Candidate): Promise<{ handler: Handler } | { fault: Fault }> {
  try {
    const module: { default?: unknown } = await import(pathToFileURL(file).href);
    if (isHandler(module.default)) return { handler: module.default };
    return {
      fault: {
        where: source,
        expected: 'a handler as its default export (`export default defineHandler({ … })`)',
        found: module.default === undefined ? 'no default export' : 'another value',
        advice: 'See handlers/README.md.',
      },
    };
  } catch (error) {
    const found = error instanceof Error ? `${error.name}: ${error.message}` : 'an unknown error';
    const place = placeOf(error) ?? (error instanceof SyntaxError ? await syntaxErrorIn(file) : undefined);
    const at = place === undefined ? '' : ` (${place})`;
    return { fault: { where: source, expected: 'code that can be loaded', found: found + at } };
  }
}

const CHECK_MILLISECONDS = 10_000;

/** `file:line` of a syntax error in JavaScript, which a failed import does not give. Undefined if it is in another file. */
async function syntaxErrorIn(file: string): Promise<string | undefined> {
  const checked = promisify(execFile)(process.execPath, ['--check', file], { timeout: CHECK_MILLISECONDS });
  const output = await checked.then(
    () => '',
    (error: unknown) => (error instanceof Error && 'stderr' in error ? String(error.stderr) : ''),
  );
  const [place = ''] = output.split('\n');
  return /:\d+$/.test(place) ? shortPlace(place) : undefined;
}

function isHandler(value: unknown): value is Handler {
  return Shape.safeParse(value).success;
}
