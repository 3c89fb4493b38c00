import { Command, CommanderError } from 'commander';
import { ConfigurationError, type Fault } from '../configuration-error.ts';
import { Failure, Rejection } from '../outcome.ts';
import { VERSION } from '../version.ts';
import { EXIT, type ExitCode, type Io, type Register } from './io.ts';
import { describeUnknown } from './log.ts';

type Load = () => Promise<Register>;
const connect: Load = async () => (await import('./connect/connect.ts')).registerConnect;
const dev: Load = async () => (await import('./dev/dev.ts')).registerDev;
const provision: Load = async () => (await import('./provision/provision.ts')).registerProvision;

/** The commands in the order of the help, with functions that load their code, so that only the named command is loaded. */
export const COMMANDS: Readonly<Record<string, Load>> = {
  start: async () => (await import('./start/start.ts')).registerStart,
  dev,
  'stand-ins': dev,
  test: async () => (await import('./test/test.ts')).registerTest,
  doctor: async () => (await import('./doctor/doctor.ts')).registerDoctor,
  provision,
  deprovision: provision,
  sync: async () => (await import('./sync/sync.ts')).registerSync,
  reconcile: async () => (await import('./reconcile/reconcile.ts')).registerReconcile,
  explain: async () => (await import('./explain/explain.ts')).registerExplain,
  'dead-letters': async () => (await import('./dead-letters/dead-letters.ts')).registerDeadLetters,
  'connect-package': connect,
  'connect-post-deploy': connect,
  'connect-pre-undeploy': connect,
};

/** Loads the command that the command line starts with, or else all: for the help, and for a command after an option. */
async function loadCommands([first = '']: readonly string[]): Promise<readonly Register[]> {
  const named = Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined;
  return Promise.all((named ? [named] : [...new Set(Object.values(COMMANDS))]).map((load) => load()));
}

/** Runs one command line (without `node` and the file) and returns its exit code. Never throws. */
export async function runCommandLine(
  args: readonly string[],
  io: Io,
  formatFaults: (faults: readonly Fault[]) => string,
): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const program = new Command('customer-sync')
    .description(
      'Commands to run, develop, set up and check the customer sync, and to backfill, compare, explain and replay.',
    )
    .option('--env-file <file>', 'read variables from a file; variables that are already set take precedence')
    .version(VERSION, '--version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
    })
    .showHelpAfterError('Add --help for the arguments and options.');
  for (const register of await loadCommands(args))
    register(program, io, (ended) => {
      code = ended;
    });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof ConfigurationError) {
      io.err(formatFaults(error.faults));
      return EXIT.usage;
    }
    if (error instanceof Failure || error instanceof Rejection) {
      io.err(`${error.message} (${error.reason})`);
      return EXIT.failed;
    }
    io.err(`Unexpected error. ${describeUnknown(error, io)}`);
    return EXIT.failed;
  }
}
