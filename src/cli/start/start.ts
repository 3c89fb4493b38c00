import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { execPath, execve } from 'node:process';
import { SERVICE_COMMAND } from '../../process/service-command.ts';
import { EXIT, type Register } from '../io.ts';

/** `start`. */
export const registerStart: Register = (program, io, finish) => {
  program
    .command('start')
    .description('Run the service, as `npm start` does in the repository.')
    .addHelpText(
      'after',
      '\nCONNECTOR_CONFIG is the path of your connector.yml, HANDLERS_DIR lists the folders of your handlers.\n\nExample:\n  npx customer-sync --env-file .env start',
    )
    .action(async () => {
      const env = Object.fromEntries(Object.entries(io.env).filter(([, value]) => value !== undefined));
      // The service replaces this process, so that it receives the signals, and V8 gets the options that it takes only at a
      // start.
      if (execve) execve(execPath, [execPath, ...SERVICE_COMMAND], env);
      const child = spawn(execPath, SERVICE_COMMAND, { env, stdio: 'inherit' });
      await once(child, 'exit');
      finish(child.exitCode === 0 ? EXIT.ok : EXIT.found);
    });
};
