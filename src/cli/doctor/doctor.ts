import { z } from 'zod';
import type { Environment } from '../../configuration/environment.ts';
import type { Configuration } from '../../configuration/load.ts';
import { ConfigurationError } from '../../configuration-error.ts';
import { openEngine } from '../../engine/engine.ts';
import { createLog } from '../../observe/log.ts';
import { Failure } from '../../outcome.ts';
import { findCustomerRoute } from '../customers/route.ts';
import {
  DESTINATIONS,
  DestinationOption,
  destinationNameOf,
  pubSubTarget,
  targetOf,
} from '../destination/destination.ts';
import { type Google, openGoogle } from '../google/client.ts';
import { NameOptions, namesOf } from '../google/names.ts';
import { EXIT, type ExitCode, type Io, type Register } from '../io.ts';
import { resourceTypesOf } from '../provision/commercetools-step.ts';
import { DEFAULT_STATE } from '../sync/state-place.ts';
import { accountChecks } from './account-checks.ts';
import { type Check, faultOf, type NamedResult, runCheck, textOf } from './check.ts';
import { googleChecks } from './google-checks.ts';
import { mappingCheck } from './mapping-check.ts';
import { schemaCheck } from './schema-check.ts';
import { senderChecks } from './sender-checks.ts';

const Options = NameOptions.extend(DestinationOption.shape).extend({
  state: z.string(),
  json: z.boolean().default(false),
});
type Options = z.output<typeof Options>;

/** `doctor`. */
export const registerDoctor: Register = (program, io, finish) => {
  program
    .command('doctor')
    .description(
      'Check the configuration, credentials, permissions and subscriptions in commercetools, Fluent and Google. Changes nothing.',
    )
    .option(
      '--destination <name>',
      `where commercetools publishes to: ${DESTINATIONS.join(', ')} (default: pubsub)`,
    )
    .option('--topic <name>', 'topic that commercetools publishes to (default: customers)')
    .option('--subscription <name>', 'push subscription (default: the name of the topic)')
    .option('--key <key>', 'key of the commercetools subscription (default: fluent-customer-sync)')
    .option('--state <place>', 'the --state that `sync` is run with', DEFAULT_STATE)
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\n✔ correct   ! warning   ✖ error   – not checked\nExit code: 0 without a ✖, 1 with one, 2 for a wrong command line or configuration.\n\nExample:\n  npx customer-sync doctor --json | jq .findings',
    )
    .action(async (given) => finish(await doctor(Options.parse(given), io)));
};

async function doctor(options: Options, io: Io): Promise<ExitCode> {
  const findings: NamedResult[] = [];
  const report = (finding: NamedResult) => {
    findings.push(finding);
    if (!options.json) io.out(textOf(finding, io.terminal));
  };
  const configuration = await configured(io, report);
  if (configuration) await checkAll(configuration, options, io, report);
  const faults = findings.filter(({ state }) => state === 'fault').length;
  if (options.json) io.out(JSON.stringify({ healthy: faults === 0, findings }));
  if (io.signal.aborted) return EXIT.interrupted;
  if (!configuration) return EXIT.usage;
  return faults === 0 ? EXIT.ok : EXIT.found;
}

async function configured(
  io: Io,
  report: (finding: NamedResult) => void,
): Promise<Configuration | undefined> {
  try {
    const configuration = await io.configuration();
    const { accounts, routes } = configuration.connector;
    report({
      check: 'configuration',
      state: 'ok',
      detail: `accounts: ${accounts.length}, routes: ${routes.length}`,
    });
    for (const { where, expected, found, advice } of configuration.warnings)
      report({
        check: `configuration, ${where}`,
        state: 'warning',
        detail: `expected ${expected}, found ${found}`,
        ...(advice !== undefined && { advice }),
      });
    return configuration;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    for (const { where, expected, found, advice } of error.faults)
      report({
        check: `configuration, ${where}`,
        state: 'fault',
        detail: `expected ${expected}, found ${found}`,
        ...(advice !== undefined && { advice }),
      });
    report({ check: 'everything else', state: 'skipped', detail: 'the configuration is not valid' });
    return undefined;
  }
}

async function checkAll(
  configuration: Configuration,
  options: Options,
  io: Io,
  report: (finding: NamedResult) => void,
): Promise<void> {
  const { environment, connector } = configuration;
  const engine = openEngine(configuration, createLog('silent'));
  const destination = destinationNameOf(options, environment);
  const google = destination === 'pubsub' ? await openedGoogle(environment) : undefined;
  const names = google instanceof Failure || !google ? undefined : namesOf(options, environment, google);
  const target =
    destination === 'pubsub'
      ? names && pubSubTarget(names.topic)
      : targetOf(destination, options, environment);
  const checks: Check[] = engine.accounts.flatMap((account, index) => [
    ...accountChecks(
      account,
      connector.accounts[index]?.commercetools.apiUrl ?? '',
      options.key,
      target,
      resourceTypesOf(connector.routes),
    ),
    schemaCheck(account, configuration.routes),
  ]);
  const route = findCustomerRoute(configuration);
  if (route) checks.push(...engine.accounts.map((account) => mappingCheck(account, route, options.state)));
  const isAuthSet = Boolean(io.env['PUSH_AUTH']?.trim());
  try {
    if (destination !== 'pubsub') checks.push(...senderChecks(destination, environment, isAuthSet));
    if (google instanceof Failure || !names || !google) {
      if (google instanceof Failure)
        checks.push({ name: 'Google: credentials', run: async () => faultOf(google) });
    } else checks.push(...googleChecks(google, names, environment, isAuthSet));
    // They run at the same time and are printed in order.
    const made = checks.map(runCheck);
    for (const finding of made) {
      if (io.signal.aborted) return;
      for (const found of await finding) report(found);
    }
  } finally {
    await Promise.all([engine.close(), closed(google)]);
  }
}

async function openedGoogle(environment: Environment): Promise<Google | Failure> {
  return openGoogle(environment).catch((error: unknown) => {
    if (error instanceof Failure) return error;
    throw error;
  });
}

async function closed(google: Google | Failure | undefined): Promise<void> {
  if (!(google instanceof Failure)) await google?.close();
}
