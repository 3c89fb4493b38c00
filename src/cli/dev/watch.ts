import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';

/** Editors write a file in several steps: changes so close together count as one. */
const SETTLE_MILLISECONDS = 80;
const DEEPEST = 8;
const IGNORED = /^(node_modules|\..*)$|~$|\.test\.[jt]s$/;

/** A snapshot: for each folder its identity, and for each file what a write or a replacement changes, but `chmod` does not. */
interface Tree {
  readonly folders: Map<string, string>;
  readonly files: Map<string, string>;
}

/**
 * Watches files, and folders with all below them; calls `changed` with the paths of the files that are new, different or gone, once for
 * changes that belong together. Node's own recursive watch loses files that an editor replaces.
 */
export function watchAll(
  roots: readonly string[],
  changed: (files: readonly string[]) => void,
): { close(): void } {
  const watchers = new Map<string, { readonly watcher: FSWatcher; readonly identity: string }>();
  let timer: NodeJS.Timeout | undefined;
  let known = look(roots);

  function follow({ folders }: Tree): void {
    for (const [folder, { watcher, identity }] of watchers) {
      // A folder that was replaced has the same path, and its watcher sees nothing more.
      if (folders.get(folder) === identity) continue;
      watcher.close();
      watchers.delete(folder);
    }
    for (const [folder, identity] of folders) {
      if (watchers.has(folder)) continue;
      try {
        const watcher = watch(folder, settle);
        watcher.on('error', () => undefined);
        watchers.set(folder, { watcher, identity });
      } catch {
        // It was removed in the meantime; the watcher of its parent folder reports that.
      }
    }
  }

  function settle(): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const before = known;
      known = look(roots);
      follow(known);
      const files = differing(before.files, known.files);
      if (files.length > 0) changed(files);
    }, SETTLE_MILLISECONDS);
  }

  follow(known);
  return {
    close() {
      clearTimeout(timer);
      for (const { watcher } of watchers.values()) watcher.close();
    },
  };
}

function look(roots: readonly string[]): Tree {
  const tree: Tree = { folders: new Map(), files: new Map() };
  for (const root of roots) {
    add(tree, root, 0);
    // A file that an editor replaces is seen from its folder, and one that is not there yet from what holds it.
    if (!tree.folders.has(root)) addFolder(tree, nearestFolder(dirname(root)));
  }
  return tree;
}

function add(tree: Tree, path: string, depth: number): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile()) tree.files.set(path, `${stats.mtimeMs} ${stats.size} ${stats.ino}`);
  if (!stats?.isDirectory() || depth > DEEPEST) return;
  addFolder(tree, path, stats);
  for (const name of namesIn(path)) if (!IGNORED.test(name)) add(tree, join(path, name), depth + 1);
}

function addFolder(tree: Tree, path: string, stats = statSync(path, { throwIfNoEntry: false })): void {
  if (stats) tree.folders.set(path, `${stats.dev} ${stats.ino}`);
}

function nearestFolder(path: string): string {
  const isThere = statSync(path, { throwIfNoEntry: false })?.isDirectory();
  return isThere || path === dirname(path) ? path : nearestFolder(dirname(path));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Gone meanwhile, or not ours to read.
    return [];
  }
}

function differing(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): string[] {
  const differs = [...now].filter(([path, state]) => before.get(path) !== state).map(([path]) => path);
  return [...differs, ...before.keys().filter((path) => !now.has(path))];
}
