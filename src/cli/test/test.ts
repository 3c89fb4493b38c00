import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { glob } from 'node:fs/promises';
import { getCompileCacheDir } from 'node:module';
import { cwd, execPath } from 'node:process';
import { RESOLVE_PACKAGE } from '../../process/package-root.ts';
import { EXIT, type Register } from '../io.ts';

const PATTERN = 'handlers/**/*.test.{ts,js}';

/** `test`. */
export const registerTest: Register = (program, io, finish) => {
  program
    .command('test')
    .description("Run the tests of your handlers by Node's test runner, in any folder.")
    .argument('[files...]', `test files or patterns (default: ${PATTERN})`)
    .addHelpText('after', '\nExample:\n  npx customer-sync test handlers/order-note.test.ts')
    .action(async (files: string[]) => {
      const patterns = files.length > 0 ? files : [PATTERN];
      // Node's test runner calls a run without a test a success.
      if (!(await matchesAny(patterns))) {
        io.err(
          `No file matches ${patterns.join(' or ')} in ${cwd()}; run the command in the folder of your handlers, or name the test files.`,
        );
        return finish(EXIT.found);
      }
      const args = [`--import=${RESOLVE_PACKAGE}`, '--test', ...patterns];
      // Each test file is a process, which would compile the service and the stand-ins again.
      const cache = getCompileCacheDir();
      const env = { ...(cache !== undefined && { NODE_COMPILE_CACHE: cache }), ...io.env };
      const child = spawn(execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
      child.stdout.on('data', (text) => io.out(String(text).replace(/\n$/, '')));
      await once(child, 'close');
      finish(child.exitCode === 0 ? EXIT.ok : EXIT.found);
    });
};

async function matchesAny(patterns: readonly string[]): Promise<boolean> {
  for await (const _ of glob(patterns)) return true;
  return false;
}
