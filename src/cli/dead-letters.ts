import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import type { Configuration } from '../../config/load.ts';
import { openEngine } from '../engine.ts';
import type { Register } from './command-line.ts';
import type { DeadLetter } from './dead-letter.ts';
import { type Lease, leaseDeadLetters } from './dead-letter-lease.ts';
import { isSuccess, replay } from './dead-letter-replay.ts';
import { countsText, groupsOf, listText, rowsOf, shownOf } from './dead-letter-report.ts';
import { openGoogle } from './google.ts';
import { EXIT, type ExitCode, type Io } from './io.ts';
import { logTo } from './log-to.ts';
import { full, shortOf } from './names.ts';
import { confirm } from './question.ts';

const DEFAULT_SUBSCRIPTION = 'customers-dead-letters';
const LOOK_SECONDS = 60;
const WORK_SECONDS = 600;

const Options = z.object({
  subscription: z.string().optional(),
  limit: z.number(),
  json: z.boolean().default(false),
  reveal: z.boolean().default(false),
  yes: z.boolean().default(false),
  all: z.boolean().default(false),
  reason: z.string().optional(),
});
type Options = z.output<typeof Options>;

/** What a subcommand does with the dead letters that it holds. */
type Work = (lease: Lease, configuration: Configuration, options: Options) => Promise<ExitCode>;

/** `dead-letters list|show|replay|drop`. */
export const registerDeadLetters: Register = (program, io, finish) => {
  const group = program
    .command('dead-letters')
    .description('Look at what was parked, send it through again, or drop it.');

  common(group.command('list'))
    .description('What is parked, and why: counts by reason, then one line each.')
    .addHelpText('after', example('list', 'list --json | jq .groups'))
    .action((given) => run(given, LOOK_SECONDS, (lease, _, options) => list(lease, options, io)));

  common(group.command('show'))
    .argument('<messageId>', 'as `list` shows it')
    .description('All that is known of one; its payload only with --reveal.')
    .option('--reveal', 'print the payload and what the sender wrote beside it, which may be personal')
    .addHelpText('after', example('show 1234567890'))
    .action((id, given) => run(given, LOOK_SECONDS, (lease, _, options) => show(lease, id, options, io)));

  chosen(common(group.command('replay')))
    .description("Send it the service's own way again; only what succeeds leaves the subscription.")
    .addHelpText('after', example('replay 1234567890', 'replay --reason unique-constraint', 'replay --all'))
    .action((id, given) =>
      run(given, WORK_SECONDS, (lease, configuration, options) =>
        replayChosen(lease, id, configuration, options, io),
      ),
    );

  chosen(common(group.command('drop')))
    .description('Take it off the subscription for good, after a question.')
    .option('--yes', 'do not ask')
    .addHelpText('after', example('drop 1234567890', 'drop --reason undecodable --yes'))
    .action((id, given) => run(given, WORK_SECONDS, (lease, _, options) => drop(lease, id, options, io)));

  async function run(given: unknown, seconds: number, work: Work): Promise<void> {
    const options = Options.parse(given);
    const configuration = await io.configuration();
    const google = await openGoogle(configuration.environment);
    try {
      const parked = shortOf(configuration.environment.deadLetterTopic ?? DEFAULT_SUBSCRIPTION);
      const subscription = full('subscriptions', options.subscription ?? parked, google.projectId);
      const { limit } = options;
      const lease = await leaseDeadLetters(google, { subscription, limit, seconds, signal: io.signal });
      try {
        finish(io.signal.aborted ? EXIT.interrupted : await work(lease, configuration, options));
      } finally {
        await lease.close();
      }
    } finally {
      await google.close();
    }
  }
};

async function list({ letters, more }: Lease, { json }: Options, io: Io): Promise<ExitCode> {
  const rows = rowsOf(letters, Date.now());
  io.out(json ? JSON.stringify({ groups: groupsOf(rows), letters: rows, more }) : listText(rows, more));
  return EXIT.ok;
}

async function show({ letters }: Lease, id: unknown, options: Options, io: Io): Promise<ExitCode> {
  const letter = letters.find(({ messageId }) => messageId === id);
  if (!letter) return notThere(String(id), letters, io);
  const shown = shownOf(letter, options.reveal);
  io.out(options.json ? JSON.stringify(shown) : JSON.stringify(shown, undefined, 2));
  return EXIT.ok;
}

async function replayChosen(
  lease: Lease,
  id: unknown,
  configuration: Configuration,
  options: Options,
  io: Io,
): Promise<ExitCode> {
  const picked = pick(lease.letters, id, options, io);
  if (typeof picked === 'number') return picked;
  const engine = openEngine(configuration, logTo(io));
  try {
    const replayed = await replay(picked, engine, io.signal, (letters) => lease.acknowledge(letters));
    const returned = picked.length - replayed.filter(({ outcome }) => isSuccess(outcome)).length;
    const lines = replayed.map(({ letter: { messageId, said }, outcome: { kind, reason, detail } }) => ({
      messageId,
      identity: said['identity'] ?? null,
      outcome: kind,
      reason,
      ...(detail !== undefined && { detail }),
    }));
    if (options.json)
      io.out(JSON.stringify({ replayed: lines, acknowledged: picked.length - returned, returned }));
    else {
      for (const { messageId, identity, outcome, reason, detail } of lines)
        io.out(
          `${messageId}  ${identity ?? '-'}  ${outcome} (${reason})${outcome === 'done' || detail === undefined ? '' : `: ${detail}`}`,
        );
      io.out(`${picked.length - returned} succeeded and are gone, ${returned} went back.`);
    }
    if (io.signal.aborted) return EXIT.interrupted;
    return returned === 0 ? EXIT.ok : EXIT.found;
  } finally {
    await engine.close();
  }
}

async function drop(lease: Lease, id: unknown, options: Options, io: Io): Promise<ExitCode> {
  const picked = pick(lease.letters, id, options, io);
  if (typeof picked === 'number') return picked;
  const counts = countsText(picked);
  const question = `Drop ${picked.length} (${counts})? What is dropped cannot be had back.`;
  if (picked.length > 0 && !options.yes && !(await confirm(io, question))) {
    io.err('Nothing was dropped.');
    return io.signal.aborted ? EXIT.interrupted : EXIT.ok;
  }
  await lease.acknowledge(picked);
  io.out(
    options.json
      ? JSON.stringify({ dropped: picked.map(({ messageId }) => messageId) })
      : `${picked.length} dropped.`,
  );
  return EXIT.ok;
}

/** Those that the command line means, or how the command ends where it does not say. */
function pick(
  letters: readonly DeadLetter[],
  id: unknown,
  { all, reason }: Options,
  io: Io,
): readonly DeadLetter[] | ExitCode {
  if ([id !== undefined, all, reason !== undefined].filter(Boolean).length !== 1) {
    io.err(
      'Expected one of a message id, --reason <code> and --all; `dead-letters list` shows what there is.',
    );
    return EXIT.usage;
  }
  if (all) return letters;
  if (reason !== undefined) return letters.filter((letter) => letter.reason === reason);
  const picked = letters.filter(({ messageId }) => messageId === id);
  return picked.length > 0 ? picked : notThere(String(id), letters, io);
}

function notThere(id: string, letters: readonly DeadLetter[], io: Io): ExitCode {
  io.err(
    `Expected a dead letter ${id}, found none of that id among ${letters.length}; look at \`dead-letters list\`, or raise --limit.`,
  );
  return EXIT.found;
}

function common(command: Command): Command {
  return command
    .option(
      '--subscription <name>',
      `where they are kept (the name of DEAD_LETTER_TOPIC, else ${DEFAULT_SUBSCRIPTION})`,
    )
    .option('--limit <number>', 'look at so many at most, 1 to 10000', limitOf, 1_000)
    .option('--json', 'print one JSON document');
}

function chosen(command: Command): Command {
  return command
    .argument('[messageId]', 'as `list` shows it')
    .option('--reason <code>', 'all of that reason')
    .option('--all', 'all there are');
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
