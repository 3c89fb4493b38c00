import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The part of a tap test that is used. */
interface Current {
  teardown(stop: () => unknown): unknown;
}

const REPOSITORY = createHash('sha256')
  .update(import.meta.dirname)
  .digest('hex')
  .slice(0, 8);

/**
 * An empty folder that no node_modules can be found from, removed at the end of the test. Its name is the same in every run,
 * so that Node finds code that is copied there in its cache.
 */
export function outsideFolder(t: Current, name: string, parent = tmpdir()): string {
  const folder = join(parent, `customer-sync-${REPOSITORY}-${name}`);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  // Of a run that was killed.
  remove();
  mkdirSync(folder);
  t.teardown(remove);
  return folder;
}
