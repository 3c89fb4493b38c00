import type { Command } from 'commander';
import { z } from 'zod';
import type { Configuration } from '../../configuration/load.ts';
import { httpUrl } from '../../configuration/variables.ts';
import { ConfigurationError } from '../../configuration-error.ts';
import { openEngine } from '../../engine/engine.ts';
import { Failure } from '../../outcome.ts';
import {
  authenticationFault,
  DESTINATIONS,
  type DestinationName,
  DestinationOptions,
  destinationNameOf,
  draftOf,
  pubSubTarget,
  targetOf,
} from '../destination/destination.ts';
import { find, type Google, openGoogle } from '../google/client.ts';
import { NameOptions, type Names, namesOf } from '../google/names.ts';
import { EXIT, type ExitCode, type Io, type Register } from '../io.ts';
import { logTo } from '../log.ts';
import { commercetoolsStep, resourceTypesOf } from './commercetools-step.ts';
import { deprovision } from './deprovision.ts';
import { googleSteps } from './google-steps.ts';
import { setUpClient } from './set-up-client.ts';
import { apply, type Result, type Step } from './step.ts';

const Options = NameOptions.extend(DestinationOptions.shape).extend({
  endpoint: httpUrl.optional(),
  projectNumber: z
    .string()
    .regex(/^\d+$/, { error: 'a number, as `gcloud projects describe` shows it' })
    .optional(),
  serviceAccount: z
    .string()
    .regex(/^[^\s@]+@[^\s@]+$/, { error: 'an e-mail address' })
    .optional(),
  dryRun: z.boolean().default(false),
  json: z.boolean().default(false),
  topics: z.boolean().default(false),
  yes: z.boolean().default(false),
});
type Options = z.output<typeof Options>;

/** `provision` and `deprovision`. */
export const registerProvision: Register = (program, io, finish) => {
  named(program.command('provision'))
    .description(
      'Create or update the topics, subscriptions, permissions and the commercetools subscription. It can be repeated at any time.',
    )
    .option('--endpoint <url>', 'the URL of the service, such as https://customer-sync-….run.app')
    .option(
      '--project-number <number>',
      'number of the Google project, needed to grant permissions to its Pub/Sub service agent',
    )
    .option(
      '--service-account <email>',
      'account that the service runs as, to grant it the permission to publish dead letters',
    )
    .option('--aws-account-id <id>', 'for eventbridge: account of the partner event source')
    .option('--aws-region <region>', 'for eventbridge: region of the partner event source')
    .option(
      '--topic-arn <arn>',
      'for sns: the topic (default: the one in SNS_TOPIC_ARNS, if there is only one)',
    )
    .option('--event-grid-uri <url>', 'for event-grid: the topic; its key is read from EVENT_GRID_ACCESS_KEY')
    .option('--dry-run', 'print the changes without making them')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nPUSH_AUTH and its variables, ACK_DEADLINE_SECONDS, DUPLICATE_MEMORY_SECONDS and DEAD_LETTER_TOPIC must have the same values as for the service.\nFor a destination other than Pub/Sub only the commercetools subscription is created; src/senders/README.md has the commands for the rest.\n\nExamples:\n  npx customer-sync provision --endpoint=$URL --dry-run\n  npx customer-sync provision --destination=eventbridge --aws-account-id=123456789012 --aws-region=us-east-1',
    )
    .action(async (given) => finish(await provision(readOptions(given), io)));

  named(program.command('deprovision'))
    .description('Remove the commercetools subscription and the push subscription, after a confirmation.')
    .option('--topics', 'remove the topics and the dead letters too')
    .option('--yes', 'skip the confirmation')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  npx customer-sync deprovision --yes')
    .action(async (given) => {
      const options = readOptions(given);
      const configuration = await io.configuration(setUpClient(io.env));
      const { environment } = configuration;
      const isPubSub = destinationNameOf(options, environment) === 'pubsub';
      const google = isPubSub ? await openGoogle(environment) : undefined;
      const engine = openEngine(configuration, logTo(io));
      try {
        const pubSub = google && { google, names: namesOf(options, environment, google) };
        finish(await deprovision(pubSub, engine.accounts, options, io));
      } finally {
        await Promise.all([engine.close(), google?.close()]);
      }
    });
};

async function provision(options: Options, io: Io): Promise<ExitCode> {
  if (!io.env['PUSH_AUTH']?.trim())
    throw new ConfigurationError([
      {
        where: 'environment PUSH_AUTH',
        expected: 'oidc, token, sns or none',
        found: 'nothing',
        advice:
          'Set it to the same value as for the service, which authenticates the pushes of the subscription by it.',
      },
    ]);
  const configuration = await io.configuration(setUpClient(io.env));
  const { environment } = configuration;
  const name = destinationNameOf(options, environment);
  const fault = authenticationFault(name, environment);
  if (fault)
    throw new ConfigurationError([
      {
        where: 'environment PUSH_AUTH',
        ...fault,
        advice:
          'The service would refuse the pushes of this sender: change PUSH_AUTH, or choose another --destination.',
      },
    ]);
  return name === 'pubsub'
    ? provisionPubSub(configuration, options, io)
    : provisionOther(name, configuration, options, io);
}

/** Creates only the commercetools subscription; the resources in AWS or Azure are created with their own tools. */
async function provisionOther(
  name: Exclude<DestinationName, 'pubsub'>,
  configuration: Configuration,
  options: Options,
  io: Io,
): Promise<ExitCode> {
  const { key } = options;
  const target = targetOf(name, options, configuration.environment);
  const resourceTypes = resourceTypesOf(configuration.connector.routes);
  const publishing = { key, target, destination: draftOf(target, io.env), resourceTypes };
  const engine = openEngine(configuration, logTo(io));
  try {
    const steps = engine.accounts.map(({ commercetools, account }) =>
      commercetoolsStep(commercetools, account.projectKey, publishing),
    );
    return await run(steps, options, io);
  } finally {
    await engine.close();
  }
}

async function provisionPubSub(configuration: Configuration, options: Options, io: Io): Promise<ExitCode> {
  const { environment } = configuration;
  const google = await openGoogle(environment);
  const engine = openEngine(configuration, logTo(io));
  try {
    const names = namesOf(options, environment, google);
    const { endpoint, projectNumber, serviceAccount } = options;
    if (endpoint === undefined) await requireSubscription(google, names);
    const target = pubSubTarget(names.topic);
    const resourceTypes = resourceTypesOf(configuration.connector.routes);
    const destination = draftOf(target, io.env);
    const publishing = { key: names.key, target, destination, resourceTypes };
    const steps = [
      ...googleSteps(google, names, environment, { endpoint, projectNumber, serviceAccount }),
      ...engine.accounts.map(({ commercetools, account }) =>
        commercetoolsStep(commercetools, account.projectKey, publishing),
      ),
    ];
    return await run(steps, options, io);
  } finally {
    await Promise.all([engine.close(), google.close()]);
  }
}

/** Without --endpoint the push subscription must exist. Checked before the first step, so that no partial set-up is made. */
async function requireSubscription(
  { subscriber }: Google,
  { subscription }: Pick<Names, 'subscription'>,
): Promise<void> {
  const what = `the push subscription ${subscription}`;
  if (await find(what, () => subscriber.getSubscription({ subscription }))) return;
  throw new ConfigurationError([
    {
      where: 'option --endpoint',
      expected: `the URL of the service, because ${what} does not exist yet`,
      found: 'nothing',
      advice: 'Nothing was created. Add it, for example --endpoint=https://customer-sync-….run.app.',
    },
  ]);
}

async function run(steps: readonly Step[], { dryRun, json }: Options, io: Io): Promise<ExitCode> {
  const results: Result[] = [];
  let failure: { readonly step: string; readonly reason: string; readonly detail: string } | undefined;
  for (const step of steps) {
    if (io.signal.aborted) break;
    try {
      const result = await apply(step, dryRun);
      results.push(result);
      if (!json) io.out(lineOf(result));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failure = { step: step.name, reason: error.reason, detail: error.message };
      io.err(`${step.name}: ${error.message} (${error.reason})`);
      break;
    }
  }
  const changes = results.filter(({ result }) => result !== 'unchanged' && result !== 'skipped').length;
  if (json) io.out(JSON.stringify({ dryRun, changes, steps: results, ...(failure && { failure }) }));
  else if (!failure) io.out(summary(changes, dryRun));
  if (io.signal.aborted) return EXIT.interrupted;
  if (failure?.reason === 'no-endpoint') return EXIT.usage;
  return failure ? EXIT.failed : EXIT.ok;
}

function lineOf({ step, result, detail }: Result): string {
  return `${result.padEnd(12)}  ${step}${detail === undefined ? '' : `: ${detail}`}`;
}

function summary(changes: number, dryRun: boolean): string {
  if (changes === 0) return 'Nothing needs to be changed.';
  const what = changes === 1 ? '1 change' : `${changes} changes`;
  return dryRun ? `${what} to make; nothing was done.` : `${what} made.`;
}

function named(command: Command): Command {
  return command
    .option(
      '--destination <name>',
      `where commercetools publishes to: ${DESTINATIONS.join(', ')} (default: pubsub)`,
    )
    .option('--topic <name>', 'topic that commercetools publishes to (default: customers)')
    .option('--subscription <name>', 'push subscription (default: the name of the topic)')
    .option('--key <key>', 'key of the commercetools subscription (default: fluent-customer-sync)');
}

function readOptions(given: unknown): Options {
  const options = Options.safeParse(given);
  if (options.success) return options.data;
  throw new ConfigurationError(
    options.error.issues.map(({ path, message }) => ({
      where: `option --${path.join('.').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      expected: message,
      found: 'another value',
    })),
  );
}
