import { type Command, InvalidArgumentError } from 'commander';
import type { Configuration } from '../../configuration/load.ts';
import { Failure } from '../../outcome.ts';
import { openGoogle } from '../google/client.ts';
import { full, shortOf } from '../google/names.ts';
import { EXIT, type ExitCode, type Register } from '../io.ts';
import { deadLettersElsewhere } from './elsewhere.ts';
import { type Lease, leaseDeadLetters } from './lease.ts';
import { drop, isOneChosen, list, Options, replayChosen, show } from './subcommands.ts';

const DEFAULT_SUBSCRIPTION = 'customers-dead-letters';
const LOOK_SECONDS = 60;
const WORK_SECONDS = 600;

/** The work of a subcommand with the leased dead letters. */
type Work = (lease: Lease, configuration: Configuration, options: Options) => Promise<ExitCode>;

/** `dead-letters list|show|replay|drop`. */
export const registerDeadLetters: Register = (program, io, finish) => {
  const group = program.command('dead-letters').description('List, show, replay or drop dead letters.');

  common(group.command('list'))
    .description('List the dead letters: counts by reason, then one line each.')
    .addHelpText('after', example('list', 'list --json | jq .groups'))
    .action((given) => run(given, LOOK_SECONDS, (lease, _, options) => list(lease, options, io)));

  common(group.command('show'))
    .argument('<messageId>', 'as `list` shows it')
    .description('Show a dead letter; its payload only with --reveal.')
    .option('--reveal', "print the payload and the sender's attributes, which may be personal data")
    .addHelpText('after', example('show 1234567890'))
    .action((id, given) =>
      run(given, LOOK_SECONDS, (lease, _, options) => show(lease, id, options, io), String(id)),
    );

  chosen(common(group.command('replay')))
    .description(
      'Process dead letters again as the service would; those that succeed are removed from the subscription.',
    )
    .addHelpText('after', example('replay 1234567890', 'replay --reason unique-constraint', 'replay --all'))
    .action((id, given) =>
      runChosen(id, given, (lease, configuration, options) =>
        replayChosen(lease, id, configuration, options, io),
      ),
    );

  chosen(common(group.command('drop')))
    .description('Remove dead letters from the subscription permanently, after a confirmation.')
    .option('--yes', 'skip the confirmation')
    .addHelpText('after', example('drop 1234567890', 'drop --reason undecodable --yes'))
    .action((id, given) => runChosen(id, given, (lease, _, options) => drop(lease, id, options, io)));

  async function runChosen(id: unknown, given: unknown, work: Work): Promise<void> {
    if (isOneChosen(id, Options.parse(given)))
      return run(given, WORK_SECONDS, work, id === undefined ? undefined : String(id));
    io.err(
      'Expected one of a message id, --reason <code> and --all; `dead-letters list` lists the dead letters.',
    );
    finish(EXIT.usage);
  }

  async function run(given: unknown, seconds: number, work: Work, only?: string): Promise<void> {
    const options = Options.parse(given);
    const configuration = await io.configuration();
    const { pushAuth } = configuration.environment;
    const elsewhere =
      options.subscription === undefined ? deadLettersElsewhere(configuration.environment) : undefined;
    if (elsewhere !== undefined && pushAuth.kind === 'sns') {
      io.err(elsewhere);
      finish(EXIT.usage);
      return;
    }
    try {
      await lease(options, configuration, seconds, work, only);
    } catch (error) {
      if (error instanceof Failure && elsewhere !== undefined) io.err(elsewhere);
      throw error;
    }
  }

  async function lease(
    options: Options,
    configuration: Configuration,
    seconds: number,
    work: Work,
    only: string | undefined,
  ): Promise<void> {
    const google = await openGoogle(configuration.environment);
    try {
      const deadLettered = shortOf(configuration.environment.deadLetterTopic ?? DEFAULT_SUBSCRIPTION);
      const subscription = full('subscriptions', options.subscription ?? deadLettered, google.projectId);
      const { limit } = options;
      const leased = await leaseDeadLetters(google, {
        subscription,
        limit,
        seconds,
        only,
        signal: io.signal,
      });
      try {
        finish(io.signal.aborted ? EXIT.interrupted : await work(leased, configuration, options));
      } finally {
        await leased.close();
      }
    } finally {
      await google.close();
    }
  }
};

function common(command: Command): Command {
  return command
    .option(
      '--subscription <name>',
      `subscription of the dead letters (default: the name of DEAD_LETTER_TOPIC, otherwise ${DEFAULT_SUBSCRIPTION})`,
    )
    .option('--limit <number>', 'maximum number of dead letters to read, 1 to 10000', limitOf, 1_000)
    .option('--json', 'print one JSON document');
}

function chosen(command: Command): Command {
  return command
    .argument('[messageId]', 'as `list` shows it')
    .option('--reason <code>', 'all dead letters with this reason')
    .option('--all', 'all dead letters');
}

function limitOf(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 10_000) return limit;
  throw new InvalidArgumentError('Expected a whole number from 1 to 10000.');
}

function example(...lines: string[]): string {
  const shown = lines.map((line) => `  npx customer-sync dead-letters ${line}`);
  return `\n${lines.length > 1 ? 'Examples' : 'Example'}:\n${shown.join('\n')}`;
}
