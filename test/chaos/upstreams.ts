import { type CommercetoolsSandbox, startCommercetools } from '../sandbox/commercetools.ts';
import type { Payload } from '../sandbox/commercetools-notifications.ts';
import { type FluentSandbox, startFluent } from '../sandbox/fluent.ts';
import { environmentFor } from '../sandbox/service.ts';
import { type Configuration, replicaLags } from './configuration.ts';
import { accountEnvironment } from './connector-file.ts';
import { seeded } from './random.ts';

/** A commercetools project, and the Fluent account that it feeds. */
export interface Project {
  readonly commercetools: CommercetoolsSandbox;
  readonly account: number;
}

/** The stand-ins of a run. */
export interface Upstreams {
  readonly projects: readonly Project[];
  readonly accounts: readonly FluentSandbox[];
  /** The environment variables for a service that uses them. */
  readonly env: Readonly<Record<string, string>>;
  /** The secrets that no log may contain. */
  readonly secrets: readonly string[];
  /** The number of requests to them, including those for tokens. */
  requests(): number;
  close(): Promise<void>;
}

type Notify = (payload: Payload, project: Project) => void;

const PROJECT_KEYS = ['sandbox-project', 'other-project'] as const;

/** Starts the stand-ins for a configuration; `notify` is called for each notification. */
export async function startUpstreams(
  configuration: Configuration,
  seed: number,
  notify: Notify,
): Promise<Upstreams> {
  const accounts: FluentSandbox[] = [];
  const projects: Project[] = [];
  const close = async () => {
    const servers = [...projects.map(({ commercetools }) => commercetools), ...accounts];
    await Promise.all(servers.map((server) => server.close()));
  };
  try {
    for (let index = 0; index < configuration.accounts; index += 1)
      accounts.push(await startAccount(configuration, seed, index));
    for (let index = 0; index < configuration.projects; index += 1)
      projects.push(await startProject(configuration, seed, index, notify));
  } catch (error) {
    await close();
    throw error;
  }
  const env = projects.map(({ commercetools, account }, index) => {
    const fluent = accounts[account];
    if (fluent === undefined) return {};
    const joined = { ...environmentFor(commercetools, fluent), FLUENT_ACCOUNT: accountName(account) };
    return accountEnvironment(joined, index);
  });
  return {
    projects,
    accounts,
    env: Object.assign({}, ...env),
    secrets: [
      ...projects.map(({ commercetools }) => commercetools.credentials.clientSecret),
      ...accounts.flatMap(({ credentials }) => [credentials.clientSecret, credentials.password]),
    ],
    requests: () =>
      sum(projects.flatMap(({ commercetools }) => Object.values(commercetools.requests))) +
      sum(
        accounts.flatMap(({ requests: { token, query, mutation } }) =>
          [token, query, mutation].map(({ requests }) => requests),
        ),
      ),
    close,
  };
}

async function startAccount(
  { lookUpLag, refLag }: Configuration,
  seed: number,
  index: number,
): Promise<FluentSandbox> {
  const fluent = await startFluent({
    account: accountName(index),
    credentials: {
      clientId: `chaos-fluent-${index}`,
      clientSecret: `chaos-fluent-secret-90cd-${index}`,
      username: `chaos-user-${index}`,
      password: `chaos-password-7713-${index}`,
    },
    random: seeded(seed, `fluent-${index}`).next,
  });
  const random = seeded(seed, `look-up-lags-${index}`);
  fluent.replicate({ list: replicaLags(random, lookUpLag), ref: replicaLags(random, refLag) }, random.next);
  return fluent;
}

async function startProject(
  { accounts, queryLag, graphqlLag }: Configuration,
  seed: number,
  index: number,
  notify: Notify,
): Promise<Project> {
  let publish = (_: Payload): void => undefined;
  const commercetools = await startCommercetools({
    projectKeys: [PROJECT_KEYS[index] ?? `project-${index}`],
    credentials: { clientId: `chaos-client-${index}`, clientSecret: `chaos-ct-secret-51ae-${index}` },
    random: seeded(seed, `ids-${index}`).next,
    onNotification: (payload) => publish(payload),
  });
  const project = { commercetools, account: Math.min(index, accounts - 1) };
  publish = (payload) => notify(payload, project);
  const random = seeded(seed, `query-lags-${index}`);
  commercetools.replicate(
    { query: replicaLags(random, queryLag), graphql: replicaLags(random, graphqlLag) },
    random.next,
  );
  return project;
}

function accountName(index: number): string {
  return `SANDBOX${index}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
