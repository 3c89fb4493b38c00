import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { ConfigurationError } from '../configuration-error.ts';
import { codeOf } from '../observe/describe-error.ts';

/** The file that `dev` and `stand-ins` write, and every other command reads, in the working directory. */
export const LOCAL_FILE = '.env.local';

/** The commands that write the file; they ignore one from an earlier run. */
const WRITERS: readonly string[] = ['dev', 'stand-ins'];

type Env = Readonly<Record<string, string | undefined>>;

/** The environment of a command, and a note about its source for the user. */
export interface ReadEnv {
  readonly env: Env;
  readonly note?: string;
}

/**
 * Adds the variables of `--env-file`, or else of the file that `dev` wrote. Variables of the process take precedence. A
 * local file with a contradicting variable is ignored completely, so that stand-ins and a real project never mix.
 */
export async function withEnvFile(args: readonly string[], env: Env, folder: string): Promise<ReadEnv> {
  const named = fileNamedIn(args);
  if (named !== undefined) return { env: { ...(await readNamed(named)), ...given(env) } };
  if (env['NODE_ENV'] === 'production' || WRITERS.includes(args[0] ?? '')) return { env };
  const local = await readFile(join(folder, LOCAL_FILE), 'utf8').catch(() => undefined);
  if (local === undefined) return { env };
  const values = parseEnv(local);
  const contradicting = Object.keys(values).filter((name) => env[name] && env[name] !== values[name]);
  if (contradicting.length === 0)
    return {
      env: { ...values, ...given(env) },
      note: `The environment is that of ${LOCAL_FILE}; to use another, remove the file or set --env-file.`,
    };
  return {
    env,
    note: `${LOCAL_FILE} is not used: the environment has other values for ${contradicting.join(', ')}.`,
  };
}

function given(env: Env): Env {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value));
}

function fileNamedIn(args: readonly string[]): string | undefined {
  const index = args.findIndex((arg) => arg === '--env-file' || arg.startsWith('--env-file='));
  const found = args[index];
  return found === '--env-file' ? args[index + 1] : found?.slice('--env-file='.length);
}

async function readNamed(file: string): Promise<Env> {
  try {
    return parseEnv(await readFile(file, 'utf8'));
  } catch (error) {
    const code = codeOf(error) ?? 'an unknown error';
    throw new ConfigurationError([
      {
        where: `--env-file ${file}`,
        expected: 'a file of NAME=value lines that can be read',
        found: code === 'ENOENT' ? 'no such file' : code,
        advice: '`.env.example` lists all variables.',
      },
    ]);
  }
}
