import { addSelection, checkConcurrency } from '../customers/options.ts';
import type { Register } from '../io.ts';
import { dryRun } from './dry-run.ts';
import { Options } from './options.ts';
import { runSync } from './run.ts';
import { DEFAULT_STATE } from './state-place.ts';

const EXAMPLES = `
Examples:
  $ customer-sync sync --dry-run                       print what a run would do
  $ customer-sync sync                                 all customers; after an interruption, the same command continues
  $ customer-sync sync --since 2h                      customers that changed in the last two hours
  $ customer-sync sync --where 'stores(key="berlin")' --report rejected.ndjson
  $ customer-sync sync --ids "$(jq -r 'select(.outcome == "failed").id' rejected.ndjson | paste -sd,)"
                                                       retry the customers that failed
  $ customer-sync sync --state custom-object:customer-sync/backfill    where there is no disk

A customer that fails is retried a few times; then it is written to the report with "outcome":"failed" and the reason, and
the run continues. A failure of the account or an upstream, or 20 customers in a row that fail, ends the run.

A run that would blank one field of Fluent for more than a tenth of at least 20 customers stops before its twenty-first
write, because that is probably a mistake in the mapping. It prints the field and its line in the mapping;
--allow-blanking lets it continue.

Exit code: 0 all done, 1 some customers were rejected or failed (see the report), 2 wrong command line or configuration,
3 an upstream or 20 customers in a row failed, or a field would be blanked for too many customers, 130 interrupted.
After 3 and 130 the same command continues where it stopped.`;

/** Adds `sync`: writes existing customers of commercetools to Fluent, through the customer handler. */
export const registerSync: Register = (program, io, finish) => {
  const command = program
    .command('sync')
    .description('Write the existing customers of commercetools to Fluent: all, or the selected ones.');
  addSelection(command)
    .option(
      '--state <place>',
      'where the progress is stored: a file, or custom-object:<container>/<key>',
      DEFAULT_STATE,
    )
    .option('--restart', 'start again, and ignore the state of an unfinished run')
    .option('--report <file>', 'NDJSON file for rejected and failed customers', 'rejected.ndjson')
    .option('--dry-run', 'write nothing, print what would be done: a summary and the first ten customers')
    .option('--verbose', 'with --dry-run: print every customer that would be changed')
    .option('--concurrency <number>', 'customers handled at once (default: 500)', checkConcurrency)
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (given: unknown) => {
      const options = Options.parse(given);
      finish(await (options.dryRun ? dryRun(options, io) : runSync(options, io)));
    });
};
