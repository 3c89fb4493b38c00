import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { getCompileCacheDir } from 'node:module';
import { execPath } from 'node:process';
import { RESOLVE_PACKAGE } from '../../process/package-root.ts';
import { EXIT, type Register } from '../io.ts';

/** `test`. */
export const registerTest: Register = (program, io, finish) => {
  program
    .command('test')
    .description("Run the tests of your handlers by Node's test runner, in any folder.")
    .argument('[files...]', 'the test files, or patterns (handlers/**/*.test.{ts,js})')
    .addHelpText('after', '\nExample:\n  npx customer-sync test handlers/order-note.test.ts')
    .action(async (files: string[]) => {
      const args = [
        `--import=${RESOLVE_PACKAGE}`,
        '--test',
        ...(files.length > 0 ? files : ['handlers/**/*.test.{ts,js}']),
      ];
      // Each test file is a process, which would compile the service and the stand-ins again.
      const cache = getCompileCacheDir();
      const env = { ...(cache !== undefined && { NODE_COMPILE_CACHE: cache }), ...io.env };
      const child = spawn(execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
      child.stdout.on('data', (text) => io.out(String(text).replace(/\n$/, '')));
      await once(child, 'close');
      finish(child.exitCode === 0 ? EXIT.ok : EXIT.found);
    });
};
