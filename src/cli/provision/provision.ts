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
      'Make topics, subscriptions, rights and the commercetools subscription as they should be; run it again at any time.',
    )
    .option('--endpoint <url>', 'the URL of the service, as https://customer-sync-….run.app')
    .option(
      '--project-number <number>',
      'of the Google project, to give its Pub/Sub service agent its rights',
    )
    .option(
      '--service-account <email>',
      'that the service runs as, to give it the right to publish dead letters',
    )
    .option('--aws-account-id <id>', 'for eventbridge: the account of the partner event source')
    .option('--aws-region <region>', 'for eventbridge: the region of the partner event source')
    .option('--topic-arn <arn>', 'for sns: the topic (that of SNS_TOPIC_ARNS, where it is one)')
    .option('--event-grid-uri <url>', 'for event-grid: the topic; its key is read from EVENT_GRID_ACCESS_KEY')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nPUSH_AUTH and what goes with it, ACK_DEADLINE_SECONDS, DUPLICATE_MEMORY_SECONDS and DEAD_LETTER_TOPIC must be those of the service.\nOf any other destination than Pub/Sub only the commercetools subscription is made here; src/senders/README.md has the commands for the rest.\n\nExamples:\n  npx customer-sync provision --endpoint=$URL --dry-run\n  npx customer-sync provision --destination=eventbridge --aws-account-id=123456789012 --aws-region=us-east-1',
    )
    .action(async (given) => finish(await provision(readOptions(given), io)));

  named(program.command('deprovision'))
    .description('Remove the commercetools subscription and the push subscription, after a question.')
    .option('--topics', 'the topics and the dead letters too')
    .option('--yes', 'do not ask')
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
        const there = google && { google, names: namesOf(options, environment, google) };
        finish(await deprovision(there, engine.accounts, options, io));
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
          'The push subscription proves itself as the service expects it: set it as the service has it.',
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
          'What that sender pushes would be refused: change PUSH_AUTH, or choose another --destination.',
      },
    ]);
  return name === 'pubsub'
    ? provisionPubSub(configuration, options, io)
    : provisionOther(name, configuration, options, io);
}

/** The cloud's own side is not made here. */
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

/** Without --endpoint there must be a push subscription: looked for first, so that no half of a set-up is made. */
async function requireSubscription(
  { subscriber }: Google,
  { subscription }: Pick<Names, 'subscription'>,
): Promise<void> {
  const what = `the push subscription ${subscription}`;
  if (await find(what, () => subscriber.getSubscription({ subscription }))) return;
  throw new ConfigurationError([
    {
      where: 'option --endpoint',
      expected: `the URL of the service, because ${what} is still to be made`,
      found: 'nothing',
      advice: 'Nothing was made. Name it, as in --endpoint=https://customer-sync-….run.app.',
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
  if (changes === 0) return 'Everything is as it should be.';
  const what = changes === 1 ? '1 change' : `${changes} changes`;
  return dryRun ? `${what} to make; nothing was done.` : `${what} made.`;
}

function named(command: Command): Command {
  return command
    .option('--destination <name>', `what commercetools publishes to: ${DESTINATIONS.join(', ')} (pubsub)`)
    .option('--topic <name>', 'that commercetools publishes to (customers)')
    .option('--subscription <name>', "the push subscription (the topic's name)")
    .option('--key <key>', 'of the commercetools subscription (fluent-customer-sync)');
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
