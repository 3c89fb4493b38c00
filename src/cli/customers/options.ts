import { type Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { idsOf, sinceOf } from './selection.ts';

/** The options of `sync` and `reconcile`, as parsed by commander. */
export const SelectionOptions = z.object({
  account: z.string().optional(),
  since: z.string().optional(),
  where: z.string().optional(),
  ids: z.string().optional(),
  allowBlanking: z.array(z.string()).optional(),
  concurrency: z.number().optional(),
  json: z.boolean().default(false),
});

/** Throws commander's error for a text that is not an instant. */
function checkSince(text: string): string {
  if (sinceOf(text, Date.now()) !== undefined) return text;
  throw new InvalidArgumentError(
    'Expected a duration such as 30m, 2h or 7d, or a date such as 2026-01-31 or 2026-01-31T12:00:00Z.',
  );
}

/** Throws commander's error for a list that contains an invalid id. */
function checkIds(text: string): string {
  if (idsOf(text)) return text;
  throw new InvalidArgumentError('Expected comma-separated ids of letters, digits, `-` and `_`.');
}

/** Throws commander's error for anything but a whole number from 1 to 10,000. */
export function checkConcurrency(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 10_000) return value;
  throw new InvalidArgumentError('Expected a whole number from 1 to 10000.');
}

function fieldsOf(text: string): string[] {
  return text
    .split(',')
    .map((field) => field.trim())
    .filter((field) => field !== '');
}

/** Adds the options of `SelectionOptions`, which select the customers. */
export function addSelection(command: Command): Command {
  return command
    .option('--account <projectKey>', 'the account, needed if the configuration has several')
    .option('--since <when>', 'changed since: 30m, 2h, 7d, 2026-01-31 or an ISO 8601 time', checkSince)
    .option('--where <predicate>', 'a commercetools query predicate')
    .option(
      '--allow-blanking <fields>',
      'comma-separated fields that may be blanked for more than a tenth of the customers',
      fieldsOf,
    )
    .addOption(
      new Option('--ids <ids>', 'comma-separated ids: only these customers')
        .argParser(checkIds)
        .conflicts(['since', 'where']),
    );
}
