import { addSelection, checkConcurrency } from '../customers/options.ts';
import type { Register } from '../io.ts';
import { Options } from './options.ts';
import { runReconcile } from './run.ts';

const EXAMPLES = `
Examples:
  $ customer-sync reconcile                     print customers missing, different or orphaned in Fluent
  $ customer-sync reconcile --since 1d --fix    correct customers that changed in the last day
  $ customer-sync reconcile --json | jq -c 'select(.finding == "different")'

An orphan is a Fluent customer whose commercetools customer is gone. Orphans are searched only if all customers are
compared; --fix anonymises them if the route has \`onDelete: anonymise\`, otherwise it does not change them.
If --fix would blank one field for more than a tenth of at least 20 customers, it stops before it writes them, and prints
the field and its line in the mapping; --allow-blanking lets it continue.
A customer that cannot be compared is \`undecided\`, with the reason; a failure of the account or an upstream ends the run.

Exit code: 0 equal or all corrected, 1 differences remain or a customer is undecided, 2 wrong command line or
configuration, 3 an upstream failed or a field would be blanked for too many customers, 130 interrupted.`;

/** Adds `reconcile`: compares Fluent with commercetools by the handler's own comparison. */
export const registerReconcile: Register = (program, io, finish) => {
  const command = program
    .command('reconcile')
    .description('Compare both sides: missing, different and orphaned customers.')
    .option('--fix', 'correct the differences');
  addSelection(command)
    .option('--concurrency <number>', 'customers corrected at once (default: 500)', checkConcurrency)
    .option('--json', 'print each finding as a line of JSON, then the summary')
    .addHelpText('after', EXAMPLES)
    .action(async (given: unknown) => {
      finish(await runReconcile(Options.parse(given), io));
    });
};
