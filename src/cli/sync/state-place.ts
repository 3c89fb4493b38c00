import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { Commercetools } from '../../commercetools/commercetools.ts';
import { ConfigurationError } from '../../configuration-error.ts';
import { codeOf } from '../../observe/describe-error.ts';

/** Where a run keeps one JSON value. */
export interface StatePlace {
  /** For a person. */
  readonly name: string;
  /** Undefined when there is none; `null` for what is no JSON. Throws a `ConfigurationError` where it cannot be read. */
  read(): Promise<unknown>;
  write(value: unknown): Promise<void>;
  remove(): Promise<void>;
}

/** The place that `--state` names unless it is given. */
export const DEFAULT_STATE = '.customer-sync-state.json';

// The key leaves room for the one of the last run.
const CUSTOM_OBJECT = /^custom-object:([-\w~]{1,256})\/([-\w~]{1,250})$/;

/** The place that `--state` names: a path, or `custom-object:<container>/<key>` where there is no disk. */
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

/** The place beside the one that `--state` names, for what is kept when a run has finished. */
export function besidePlace(name: string, commercetools: Commercetools): StatePlace {
  return openPlace(name.startsWith('custom-object:') ? `${name}-last` : `${name}.last`, commercetools);
}

/** What to say of a state that cannot be read. */
export function unreadable(where: string, found: string): ConfigurationError {
  return new ConfigurationError([
    {
      where,
      expected: 'the state of an earlier run',
      found,
      advice: 'Name another place with --state, or begin anew with --restart.',
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
      // A run that dies while it writes leaves the one before.
      const beside = `${path}.tmp`;
      await writeFile(beside, `${JSON.stringify(value)}\n`);
      await rename(beside, path);
    },
    remove: () => rm(path, { force: true }),
  };
}

function inCustomObject(name: string, { api }: Commercetools, container: string, key: string): StatePlace {
  // Asked for as a list: there, one that does not exist is no error.
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
