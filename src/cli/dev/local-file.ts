import { access, constants, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError } from '../../configuration-error.ts';
import { codeOf } from '../../observe/describe-error.ts';
import { LOCAL_FILE } from '../env-file.ts';

/** Throws a `ConfigurationError` if the file cannot be written; it is not written yet. */
export async function requireWritableFile(folder: string): Promise<void> {
  const file = join(folder, LOCAL_FILE);
  try {
    const isThere = await stat(file).catch(() => undefined);
    if (isThere) await (await open(file, 'r+')).close();
    else await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unwritable(file, error);
  }
}

/** Writes the environment for the commands in other terminals. Returns the function that removes it, unless it was changed. */
export async function writeLocalFile(
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<() => Promise<void>> {
  const file = join(folder, LOCAL_FILE);
  const lines = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const head =
    '# Written by `customer-sync dev` or `stand-ins`, and removed at its end: it leads to the stand-ins.';
  const text = `${[head, ...lines].join('\n')}\n`;
  try {
    await writeFile(file, text, { mode: 0o600 });
  } catch (error) {
    throw unwritable(file, error);
  }
  return async () => {
    if ((await readFile(file, 'utf8').catch(() => '')) === text) await rm(file, { force: true });
  };
}

function unwritable(file: string, cause: unknown): ConfigurationError {
  return new ConfigurationError([
    {
      where: file,
      expected: 'a file that this user may write, for the commands in other terminals',
      found: `one that cannot be written (${codeOf(cause) ?? 'an unknown error'})`,
      advice: 'Start in another folder, or make this folder and file writable for this user.',
    },
  ]);
}
