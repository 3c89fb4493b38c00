import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import type { Configuration } from './configuration.ts';

const SHIPPED = join(import.meta.dirname, '..', '..', 'config', 'connector.yml');
const ACCOUNT_VARIABLES = /^(CTP|FLUENT)_/;

/** The part of the file that is changed. */
const Connector = z.looseObject({
  accounts: z.tuple([z.record(z.string(), z.record(z.string(), z.string()))]),
  routes: z.tuple([
    z.looseObject({
      props: z.looseObject({
        'inclusion-filter': z.array(z.string()),
        onDelete: z.string(),
        mapping: z.looseObject({ username: z.string() }),
      }),
    }),
  ]),
});

/**
 * Writes the connector file for a configuration: the shipped one with another username and `onDelete`, deletions in the filter,
 * and an account for each project with the variables of `accountEnvironment`.
 */
export async function writeConnector(path: string, configuration: Configuration): Promise<void> {
  const { username, onDelete, projects } = configuration;
  const connector = Connector.parse(parse(await readFile(SHIPPED, 'utf8')));
  const [account] = connector.accounts;
  const [route] = connector.routes;
  const props = {
    ...route.props,
    'inclusion-filter': [...route.props['inclusion-filter'], 'ResourceDeleted'],
    onDelete,
    mapping: { ...route.props.mapping, username },
  };
  const changed = {
    ...connector,
    accounts: Array.from({ length: projects }, (_, index) => rename(account, index)),
    routes: [{ ...route, props }],
  };
  await writeFile(path, stringify(changed));
}

/** The environment variables of one account: the first without a prefix, the others with a number. */
export function accountEnvironment(
  env: Readonly<Record<string, string>>,
  index: number,
): Record<string, string> {
  const named = Object.entries(env).map(([name, value]) => [
    ACCOUNT_VARIABLES.test(name) ? variable(name, index) : name,
    value,
  ]);
  return Object.fromEntries(named);
}

function rename(account: Readonly<Record<string, Readonly<Record<string, string>>>>, index: number) {
  const renamed = JSON.stringify(account).replace(
    /\$\{([A-Z_]+)/g,
    (_, name: string) => `\${${variable(name, index)}`,
  );
  const parsed: unknown = JSON.parse(renamed);
  return parsed;
}

function variable(name: string, index: number): string {
  return index === 0 ? name : `ACCOUNT_${index}_${name}`;
}
