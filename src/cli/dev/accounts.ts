import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { StandIns } from '../../../test/kit/stand-ins.ts';
import { parseSource } from '../../configuration/document.ts';
import { digitsAreText, substitute } from '../../configuration/substitute.ts';

/** An account of the connector file, with what the stand-ins need to play its part. */
export interface Account {
  readonly projectKey: string;
  /** The position of its Fluent account among those of the file. */
  readonly fluent: number;
  /** The variables that it names, with the field that each one fills: `commercetools.clientId`. */
  readonly variables: ReadonlyMap<string, string>;
}

type Env = Readonly<Record<string, string | undefined>>;

const VARIABLE = /^\$\{([A-Z][A-Z0-9_]*)(?::-[^}]*)?\}$/;

const Fields = z.record(z.string(), z.unknown());
const File = z.object({ accounts: z.array(z.object({ commercetools: Fields, fluent: Fields })).min(1) });

/** The account for a file that cannot be read: the service or `provision` reports what is wrong with it. */
const ONLY: Account = { projectKey: 'sandbox-project', fluent: 0, variables: new Map() };

/**
 * Reads the accounts of a connector file; undefined where it cannot be read. A project key is used as it is written, and
 * one that a variable gives is invented, so that no variable of a real project has to be set.
 */
export async function readAccounts(file: string, env: Env): Promise<readonly Account[] | undefined> {
  const source = parseSource(file, await readFile(file, 'utf8').catch(() => ''));
  digitsAreText(source, 'accounts');
  try {
    const written = File.parse(source.document.toJS()).accounts;
    substitute(source, env);
    const filled = File.parse(source.document.toJS()).accounts;
    const fluents = [...new Set(written.map(({ fluent }) => fluent['apiUrl']))];
    return written.map((account, index) => {
      const { projectKey } = account.commercetools;
      const first = written.findIndex(({ commercetools }) => commercetools['projectKey'] === projectKey);
      const key = variableIn(projectKey) ? invented(first) : filled[index]?.commercetools['projectKey'];
      return {
        projectKey: typeof key === 'string' && key !== '' ? key : invented(first),
        fluent: fluents.indexOf(account.fluent['apiUrl']),
        variables: variablesOf(account),
      };
    });
  } catch {
    return undefined;
  }
}

/** As `readAccounts`, with one account where the file cannot be read. */
export async function accountsOrOne(file: string, env: Env): Promise<readonly Account[]> {
  return (await readAccounts(file, env)) ?? [ONLY];
}

/** The values of all variables that the accounts name, so that each account leads to its stand-ins. */
export function environmentOf(accounts: readonly Account[], standIns: StandIns): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [index, account] of accounts.entries()) {
    const values = valuesOf(account, index, standIns);
    for (const [name, field] of account.variables) {
      const value = values[field];
      if (value !== undefined) env[name] ??= value;
    }
  }
  return { ...standIns.env, ...env };
}

/** One line for each account: what feeds what. */
export function describeAccounts(accounts: readonly Account[], { commercetools, fluents }: StandIns): string {
  return accounts
    .map(
      ({ projectKey, fluent }) =>
        `The project ${projectKey} in commercetools at ${commercetools.url} feeds Fluent at ${fluents[fluent]?.url}.`,
    )
    .join('\n');
}

/** Says which account of a changed file the stand-ins lack; undefined for none. */
export async function findUnknownAccount(
  file: string,
  env: Env,
  started: readonly Account[],
): Promise<string | undefined> {
  const projects = new Set(started.map(({ projectKey }) => projectKey));
  const variables = new Set(started.flatMap((account) => [...account.variables.keys()]));
  const unknown = (await readAccounts(file, env))?.find(
    (account) =>
      !projects.has(account.projectKey) || [...account.variables.keys()].some((name) => !variables.has(name)),
  );
  return (
    unknown &&
    `${file} has accounts that the stand-ins were started without (project ${unknown.projectKey}); end this command and start it again.`
  );
}

function valuesOf(
  { projectKey, fluent: position }: Account,
  index: number,
  { commercetools, fluents }: StandIns,
): Readonly<Record<string, string | undefined>> {
  const fluent = fluents[position];
  return {
    'commercetools.projectKey': projectKey,
    'commercetools.clientId': commercetools.credentials.clientId,
    'commercetools.clientSecret': commercetools.credentials.clientSecret,
    'commercetools.authUrl': commercetools.url,
    'commercetools.apiUrl': commercetools.url,
    'fluent.apiUrl': fluent?.url,
    'fluent.account': position === 0 ? 'SANDBOX' : `SANDBOX${position + 1}`,
    'fluent.clientId': fluent?.credentials.clientId,
    'fluent.clientSecret': fluent?.credentials.clientSecret,
    'fluent.username': fluent?.credentials.username,
    'fluent.password': fluent?.credentials.password,
    'fluent.retailerId': String(index + 1),
  };
}

function variablesOf(account: z.output<typeof File>['accounts'][number]): Map<string, string> {
  const variables = new Map<string, string>();
  for (const side of ['commercetools', 'fluent'] as const)
    for (const [field, value] of Object.entries(account[side])) {
      const name = variableIn(value);
      if (name !== undefined && field !== 'scopes') variables.set(name, `${side}.${field}`);
    }
  return variables;
}

/** The variable that is the whole value. */
function variableIn(value: unknown): string | undefined {
  return typeof value === 'string' ? VARIABLE.exec(value.trim())?.[1] : undefined;
}

function invented(index: number): string {
  return index === 0 ? ONLY.projectKey : `${ONLY.projectKey}-${index + 1}`;
}
