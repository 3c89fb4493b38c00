import { ConfigurationError } from '../../configuration-error.ts';
import type { Register } from '../io.ts';
import { develop } from './develop.ts';
import { FAULT_NAMES } from './faults.ts';
import { KEYS } from './keys.ts';
import { Options } from './options.ts';

/** `dev` and `stand-ins`. */
export const registerDev: Register = (program, io, finish) => {
  for (const [name, withService, description] of [
    ['dev', true, 'Run the service on stand-ins, started again when the configuration or a handler changes.'],
    ['stand-ins', false, 'Run the stand-ins for commercetools and Fluent alone.'],
  ] as const)
    program
      .command(name)
      .description(description)
      .option('--port <port>', 'of the service (8080)')
      .option('--traffic', 'change customers all the time, with an event now and then that cannot work')
      .option('--fault <name...>', `switch faults on: ${FAULT_NAMES.join(', ')}`)
      .option('--no-emulator', "leave Google's Pub/Sub emulator out, also where it is installed")
      .addHelpText('after', `\n${KEYS}\n\nExample:\n  npx customer-sync ${name} --traffic`)
      .action(async (given) => finish(await develop(readOptions(given), withService, io)));
};

function readOptions(given: unknown): Options {
  const options = Options.safeParse(given);
  if (options.success) return options.data;
  throw new ConfigurationError(
    options.error.issues.map(({ path, message }) => ({
      where: `option --${String(path[0])}`,
      expected: message,
      found: 'another value',
    })),
  );
}
