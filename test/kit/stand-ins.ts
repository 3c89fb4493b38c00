import { ConfigurationError } from '../../src/configuration-error.ts';
import type { CommercetoolsOptions, CommercetoolsSandbox } from '../sandbox/commercetools.ts';
import type { FluentSandbox } from '../sandbox/fluent.ts';

/** Stand-ins for commercetools and Fluent on 127.0.0.1. */
export interface StandIns {
  readonly commercetools: CommercetoolsSandbox;
  readonly fluent: FluentSandbox;
  /** The variables that join the service and the commands to both. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** What the stand-ins need besides the package: nobody needs it in production, so it is installed only where it is wanted. */
const PACKAGES = ['@labdigital/commercetools-mock', 'graphql', 'mercurius'];

/** Starts both. Throws a `ConfigurationError` where the packages that they need are not installed. */
export async function startStandIns(options: CommercetoolsOptions = {}): Promise<StandIns> {
  const [{ startCommercetools }, { startFluent }, { environmentFor }] = await load();
  const [commercetools, fluent] = await Promise.all([startCommercetools(options), startFluent()]);
  return {
    commercetools,
    fluent,
    env: environmentFor(commercetools, fluent),
    async close() {
      await Promise.all([commercetools.close(), fluent.close()]);
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
