import { addSelection, checkConcurrency } from '../customers/options.ts';
import type { Register } from '../io.ts';
import { Options } from './options.ts';
import { runReconcile } from './run.ts';

const EXAMPLES = `
Examples:
  $ customer-sync reconcile                     what is missing, different, or orphaned in Fluent
  $ customer-sync reconcile --since 1d --fix    those changed since yesterday, put right
  $ customer-sync reconcile --json | jq -c 'select(.finding == "different")'

An orphan is a Fluent customer whose commercetools customer is gone. It is looked for when everything is compared, and
--fix anonymises it where the route says \`onDelete: anonymise\`; else it is left as it is.
--fix stops before it writes when it would blank one field for more than a tenth of at least 20 customers, and says which
field and which line of the mapping; --allow-blanking goes on.
A customer that cannot be compared is \`undecided\`, with the reason; a fault of the account or an upstream ends the run.

Exit code: 0 equal or all put right, 1 differences are left or something is undecided, 2 wrong command line or configuration, 3 an upstream failed,
or a field would be blanked for too many, 130 interrupted.`;

/** Adds `reconcile`: says where Fluent is not as commercetools has it, by the handler's own comparison. */
export const registerReconcile: Register = (program, io, finish) => {
  const command = program
    .command('reconcile')
    .description('Compare both sides: missing, different and orphaned customers.')
    .option('--fix', 'put right what can be');
  addSelection(command)
    .option('--concurrency <number>', 'customers put right at once, 500 unless given', checkConcurrency)
    .option('--json', 'each finding as a line of JSON, then the summary')
    .addHelpText('after', EXAMPLES)
    .action(async (given: unknown) => {
      finish(await runReconcile(Options.parse(given), io));
    });
};
