import { addSelection, checkConcurrency } from '../customers/options.ts';
import type { Register } from '../io.ts';
import { dryRun } from './dry-run.ts';
import { Options } from './options.ts';
import { runSync } from './run.ts';
import { DEFAULT_STATE } from './state-place.ts';

const EXAMPLES = `
Examples:
  $ customer-sync sync --dry-run                       what a backfill would do
  $ customer-sync sync                                 all customers; interrupted, the same command goes on
  $ customer-sync sync --since 2h                      those changed in the last two hours
  $ customer-sync sync --where 'stores(key="berlin")' --report rejected.ndjson
  $ customer-sync sync --ids "$(jq -r 'select(.outcome == "failed").id' rejected.ndjson | paste -sd,)"
                                                       those that failed, again
  $ customer-sync sync --state custom-object:customer-sync/backfill    where there is no disk

A customer that fails is tried a few times; then it goes into the report, with "outcome":"failed" and the reason, and the
run goes past it. A fault of the account or an upstream, or 20 customers in a row that fail, ends the run.

A run that would blank one field of Fluent for more than a tenth of at least 20 customers stops before it writes the
twenty-first: a mistake in the mapping looks so. It says which field and which line; --allow-blanking goes on.

Exit code: 0 all done, 1 some were rejected or failed (see the report), 2 wrong command line or configuration,
3 an upstream failed, 20 customers in a row, or a field would be blanked for too many, 130 interrupted. After 3 and 130 the same command goes on where it was.`;

/** Adds `sync`: brings customers that are in commercetools to Fluent, through the customer handler. */
export const registerSync: Register = (program, io, finish) => {
  const command = program
    .command('sync')
    .description('Bring the customers that are in commercetools to Fluent; all, or those selected.');
  addSelection(command)
    .option('--state <place>', 'a file, or custom-object:<container>/<key>', DEFAULT_STATE)
    .option('--restart', 'begin anew, whatever an earlier run has left')
    .option('--report <file>', 'where rejected and failed customers are written, NDJSON', 'rejected.ndjson')
    .option('--dry-run', 'write nothing, say what would be: a summary, and the first ten customers')
    .option('--verbose', 'with --dry-run: every customer for which something would be done')
    .option('--concurrency <number>', 'customers at once, 500 unless given', checkConcurrency)
    .option('--json', 'the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (given: unknown) => {
      const options = Options.parse(given);
      finish(await (options.dryRun ? dryRun(options, io) : runSync(options, io)));
    });
};
