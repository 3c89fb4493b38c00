import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { Commercetools } from '../../commercetools/commercetools.ts';
import { ConfigurationError } from '../../configuration-error.ts';
import { codeOf } from '../../observe/describe-error.ts';

/** A place that stores one JSON value. */
export interface StatePlace {
  /** The name in messages. */
  readonly name: string;
  /** Returns undefined if there is no value, `null` for invalid JSON. Throws a `ConfigurationError` if it cannot be read. */
  read(): Promise<unknown>;
  write(value: unknown): Promise<void>;
  remove(): Promise<void>;
}

/** The default of `--state`. */
export const DEFAULT_STATE = '.customer-sync-state.json';

// 250 of the 256 characters that commercetools accepts, because the state of the last run is stored under `<key>-last`.
const CUSTOM_OBJECT = /^custom-object:([-\w~]{1,256})\/([-\w~]{1,250})$/;

/** Opens the place of `--state`: a path, or `custom-object:<container>/<key>` where there is no disk. */
export function openPlace(name: string, commercetools: Commercetools): StatePlace {
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

/** Opens the place beside the one of `--state`, for the state that is kept after a finished run. */
export function besidePlace(name: string, commercetools: Commercetools): StatePlace {
  return openPlace(name.startsWith('custom-object:') ? `${name}-last` : `${name}.last`, commercetools);
}

/** The error for a state that cannot be read. */
export function unreadable(where: string, found: string): ConfigurationError {
  return new ConfigurationError([
    {
      where,
      expected: 'the state of an earlier run',
      found,
      advice: 'Use another place with --state, or start again with --restart.',
    },
  ]);
}

function inFile(path: string): StatePlace {
  return {
    name: path,
    async read() {
      const text = await readFile(path, 'utf8').catch((error: unknown) => {
        const code = codeOf(error);
        if (code === 'ENOENT') return undefined;
        throw unreadable(path, code ?? 'no file');
      });
      return text === undefined ? undefined : jsonOf(text);
    },
    async write(value) {
      // Written to a temporary file first, so that a crash during the write leaves the previous state.
      const beside = `${path}.tmp`;
      await writeFile(beside, `${JSON.stringify(value)}\n`);
      await rename(beside, path);
    },
    remove: () => rm(path, { force: true }),
  };
}

function inCustomObject(name: string, { api }: Commercetools, container: string, key: string): StatePlace {
  // Queried as a list, because a request for a custom object that does not exist is an error.
  async function find() {
    const queryArgs = { where: `key = "${key}"`, limit: 1, withTotal: false };
    const { results } = (await api.customObjects().withContainer({ container }).get({ queryArgs }).execute())
      .body;
    return results[0];
  }
  return {
    name,
    read: async () => (await find())?.value,
    async write(value) {
      await api.customObjects().post({ body: { container, key, value } }).execute();
    },
    async remove() {
      if (await find()) await api.customObjects().withContainerAndKey({ container, key }).delete().execute();
    },
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
