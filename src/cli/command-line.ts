import { Command, CommanderError } from 'commander';
import { ConfigurationError, type Fault } from '../configuration-error.ts';
import { Failure, Rejection } from '../outcome.ts';
import { VERSION } from '../version.ts';
import { registerConnect } from './connect/connect.ts';
import { registerDeadLetters } from './dead-letters/dead-letters.ts';
import { registerDev } from './dev/dev.ts';
import { registerDoctor } from './doctor/doctor.ts';
import { registerExplain } from './explain/explain.ts';
import { EXIT, type ExitCode, type Io, type Register } from './io.ts';
import { describeUnknown } from './log.ts';
import { registerProvision } from './provision/provision.ts';
import { registerReconcile } from './reconcile/reconcile.ts';
import { registerStart } from './start/start.ts';
import { registerSync } from './sync/sync.ts';
import { registerTest } from './test/test.ts';

const COMMANDS: readonly Register[] = [
  registerStart,
  registerDev,
  registerTest,
  registerDoctor,
  registerProvision,
  registerSync,
  registerReconcile,
  registerExplain,
  registerDeadLetters,
  registerConnect,
];

/** Runs one command line (without `node` and the file) and returns its exit code. Never throws. */
export async function runCommandLine(
  args: readonly string[],
  io: Io,
  formatFaults: (faults: readonly Fault[]) => string,
): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const program = new Command('customer-sync')
    .description(
      'Run, develop, set up, backfill, compare, explain and replay: the commands of the customer sync.',
    )
    .option('--env-file <file>', 'read variables from a file; variables that are already set take precedence')
    .version(VERSION, '--version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
    })
    .showHelpAfterError('Add --help for what it takes.');
  for (const register of COMMANDS)
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
    io.err(`Something unexpected happened. ${describeUnknown(error, io)}`);
    return EXIT.failed;
  }
}
