import { ConfigurationError } from '../../src/configuration-error.ts';
import type { CommercetoolsOptions, CommercetoolsSandbox, ProjectSandbox } from '../sandbox/commercetools.ts';
import type { FluentSandbox } from '../sandbox/fluent.ts';

/** Stand-ins for commercetools and Fluent on 127.0.0.1. */
export interface StandIns {
  readonly commercetools: CommercetoolsSandbox;
  /** The first of `fluents`. */
  readonly fluent: FluentSandbox;
  readonly fluents: readonly FluentSandbox[];
  /** Each project once, with its Fluent, in the order of the options. */
  readonly accounts: readonly { readonly commercetools: ProjectSandbox; readonly fluent: FluentSandbox }[];
  /** The variables for a service or command that uses them. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export interface StandInsOptions extends Omit<CommercetoolsOptions, 'projectKeys'> {
  /** A project for each account, and the index of its Fluent; default: one of each. */
  readonly accounts?: readonly { readonly projectKey: string; readonly fluent: number }[];
}

const ONE = [{ projectKey: 'sandbox-project', fluent: 0 }] as const;

/** The packages that only the stand-ins need. They are not dependencies, because production does not need them. */
const PACKAGES = ['@labdigital/commercetools-mock', 'graphql', 'mercurius'];

/**
 * Starts one commercetools with all projects, and a Fluent for each index. Throws a `ConfigurationError` if the packages that
 * they need are not installed.
 */
export async function startStandIns({ accounts = ONE, ...options }: StandInsOptions = {}): Promise<StandIns> {
  const [{ startCommercetools }, { startFluent }, { environmentFor }] = await load();
  const keys = accounts.map(({ projectKey }) => projectKey);
  const [first = ONE[0].projectKey, ...more] = new Set(keys);
  const last = Math.max(...accounts.map(({ fluent }) => fluent));
  const [commercetools, fluent, ...others] = await Promise.all([
    startCommercetools({ ...options, projectKeys: [first, ...more] }),
    startFluent(),
    ...Array.from({ length: last }, () => startFluent()),
  ]);
  const fluents = [fluent, ...others];
  return {
    commercetools,
    fluent,
    fluents,
    accounts: accounts
      .filter(({ projectKey }, index) => keys.indexOf(projectKey) === index)
      .map(({ projectKey, fluent: position }) => ({
        commercetools: commercetools.project(projectKey),
        fluent: fluents[position] ?? fluent,
      })),
    env: environmentFor(commercetools, fluent),
    async close() {
      await Promise.all([commercetools, ...fluents].map((one) => one.close()));
    },
  };
}

async function load() {
  try {
    return await Promise.all([
      import('../sandbox/commercetools.ts'),
      import('../sandbox/fluent.ts'),
      import('../sandbox/environment.ts'),
    ]);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error;
    const missing = PACKAGES.find((name) => error.message.includes(`'${name}'`));
    if (missing === undefined) throw error;
    throw new ConfigurationError([
      {
        where: 'the stand-ins',
        expected: `the packages ${PACKAGES.join(', ')}`,
        found: `no ${missing}`,
        advice: `Install them where the package is: npm install --save-dev ${PACKAGES.join(' ')}`,
      },
    ]);
  }
}
