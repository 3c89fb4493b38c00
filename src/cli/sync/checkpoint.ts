import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Commercetools } from '../../commercetools/commercetools.ts';
import { ConfigurationError } from '../../configuration-error.ts';

const SyncState = z.object({
  /** The selection it belongs to. */
  marks: z.record(z.string(), z.string()),
  window: z.object({ since: z.string(), until: z.string() }).optional(),
  /** Everything up to here has ended well, or was rejected for good. */
  position: z.object({ id: z.string(), lastModifiedAt: z.string().optional() }).optional(),
  counts: z.record(z.string(), z.number()),
});

/** How far a run has come; no personal data. */
export type SyncState = z.output<typeof SyncState>;

/** Where a run keeps how far it has come. */
export interface Checkpoint {
  /** For a person. */
  readonly name: string;
  /** Undefined when there is none. Throws a `ConfigurationError` for one that cannot be read. */
  read(): Promise<SyncState | undefined>;
  write(state: SyncState): Promise<void>;
  remove(): Promise<void>;
}

const CUSTOM_OBJECT = /^custom-object:([-\w~]{1,256})\/([-\w~]{1,256})$/;

/** The checkpoint that `--state` names: a path, or `custom-object:<container>/<key>` where there is no disk. */
export function openCheckpoint(name: string, commercetools: Commercetools): Checkpoint {
  if (!name.startsWith('custom-object:')) return inFile(name);
  const [, container, key] = CUSTOM_OBJECT.exec(name) ?? [];
  if (container === undefined || key === undefined)
    throw new ConfigurationError([
      {
        where: '--state',
        expected: 'custom-object:<container>/<key>, each of letters, digits, `-`, `_` and `~`',
        found: 'another text',
      },
    ]);
  return inCustomObject(name, commercetools, container, key);
}

function inFile(path: string): Checkpoint {
  return {
    name: path,
    async read() {
      const text = await readFile(path, 'utf8').catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw unreadable(path, error instanceof Error && 'code' in error ? String(error.code) : 'no file');
      });
      return text === undefined ? undefined : parse(path, jsonOf(text));
    },
    async write(state) {
      // A run that dies while it writes leaves the one before.
      const beside = `${path}.tmp`;
      await writeFile(beside, `${JSON.stringify(state)}\n`);
      await rename(beside, path);
    },
    remove: () => rm(path, { force: true }),
  };
}

function inCustomObject(name: string, { api }: Commercetools, container: string, key: string): Checkpoint {
  // Asked for as a list: there, one that does not exist is no error.
  async function find() {
    const queryArgs = { where: `key = "${key}"`, limit: 1, withTotal: false };
    const { results } = (await api.customObjects().withContainer({ container }).get({ queryArgs }).execute())
      .body;
    return results[0];
  }
  return {
    name,
    async read() {
      const found = await find();
      return found && parse(name, found.value);
    },
    async write(state) {
      await api
        .customObjects()
        .post({ body: { container, key, value: state } })
        .execute();
    },
    async remove() {
      if (await find()) await api.customObjects().withContainerAndKey({ container, key }).delete().execute();
    },
  };
}

function parse(name: string, value: unknown): SyncState {
  const parsed = SyncState.safeParse(value);
  if (parsed.success) return parsed.data;
  throw unreadable(name, 'another content');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreadable(where: string, found: string): ConfigurationError {
  return new ConfigurationError([
    {
      where,
      expected: 'the state of an earlier run',
      found,
      advice: 'Name another place with --state, or begin anew with --restart.',
    },
  ]);
}
