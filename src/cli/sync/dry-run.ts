import type { Preview } from '../../handler.ts';
import { Failure } from '../../outcome.ts';
import { blankingAdvice, tooMany } from '../customers/blanking-guard.ts';
import { differenceOf, FieldCounts, type Fields } from '../customers/field-counts.ts';
import { countCustomers, type Item, readPages } from '../customers/pages.ts';
import { openCustomerWork } from '../customers/pipeline.ts';
import { previewerOf, type Undecided } from '../customers/previews.ts';
import { processPages } from '../customers/process-pages.ts';
import { number, Progress } from '../customers/progress.ts';
import { queryOf, windowOf } from '../customers/query.ts';
import { EXIT, type ExitCode, type Io } from '../io.ts';
import type { SyncOptions } from './options.ts';

const WOULD = {
  create: 'create',
  update: 'update',
  none: 'unchanged',
  gone: 'gone',
  ignored: 'ignored',
  rejected: 'rejected',
} as const;

/** The number of customers that are listed without `--verbose`. */
const SHOWN = 10;

const NO_FIELDS: Fields = { changed: [], blanked: [] };

/**
 * Prints what `sync` would do: a line for each customer that it would change, and a summary. Writes nothing and keeps no state.
 */
export async function dryRun(options: SyncOptions, io: Io): Promise<ExitCode> {
  const work = await openCustomerWork(io, options, io.signal);
  try {
    const preview = previewerOf(work);
    const window = options.since === undefined ? {} : { window: windowOf(options.since, Date.now()) };
    const query = queryOf(options, window);
    const { commercetools } = work.account;
    const total = await countCustomers(commercetools, query);
    const counts: Record<string, number> = { create: 0, update: 0, unchanged: 0, rejected: 0 };
    const fields = new FieldCounts();
    const progress = new Progress(io, 'dry run', total, counts);
    const pages = readPages(commercetools, query, undefined, io.signal);
    let customers = 0;
    let listed = 0;
    try {
      await processPages(pages, preview, settle, io.signal);
    } finally {
      progress.stop();
    }
    const finished = !io.signal.aborted;
    if (options.json)
      io.out(
        JSON.stringify({
          dryRun: true,
          finished,
          total,
          ...counts,
          fields: Object.fromEntries(fields.changed),
          blanked: Object.fromEntries(fields.blanked),
        }),
      );
    else for (const line of summary()) io.out(line);
    const stopping = tooMany(fields.blanked, customers, new Set(options.allowBlanking));
    if (stopping.length > 0) io.err(`A run would stop: it ${blankingAdvice(stopping, work.route)}.`);
    if (!finished) return EXIT.interrupted;
    // Only a customer selected by `--ids` can be gone, so this is a wrong id.
    if ((counts['gone'] ?? 0) > 0) return EXIT.found;
    return (counts['rejected'] ?? 0) + (counts['undecided'] ?? 0) > 0 ? EXIT.found : EXIT.ok;

    async function settle(page: readonly Item[], previews: readonly (Preview | Undecided)[]): Promise<void> {
      for (const [index, preview] of previews.entries()) {
        const would = wouldOf(preview);
        progress.add(would);
        customers += 1;
        counts[would] = (counts[would] ?? 0) + 1;
        const sent = 'action' in preview && preview.action === 'update' ? differenceOf(preview) : NO_FIELDS;
        fields.add(sent);
        if (would === 'unchanged' || would === 'ignored') continue;
        listed += 1;
        // JSON is for scripts, so its list is complete.
        if (!options.json && !options.verbose && listed > SHOWN) continue;
        const id = page[index]?.position.id ?? '';
        io.out(
          'action' in preview
            ? line(id, preview, sent, options.json)
            : undecidedLine(id, preview, options.json),
        );
      }
    }

    function summary(): string[] {
      const parts = Object.entries(counts).map(([name, count]) => `${name} ${number(count)}`);
      const more =
        listed > SHOWN && !options.verbose
          ? [`… and ${number(listed - SHOWN)} more: --verbose prints all of them.`]
          : [];
      return [...more, `Nothing was written. A run would: ${parts.join(', ')}.`, ...fields.lines()];
    }
  } catch (error) {
    if (error instanceof Failure && io.signal.aborted) return EXIT.interrupted;
    throw error;
  } finally {
    await work.close();
  }
}

function wouldOf(preview: Preview | Undecided): string {
  return 'action' in preview ? WOULD[preview.action] : 'undecided';
}

function undecidedLine(id: string, { undecided }: Undecided, json: boolean): string {
  return json
    ? JSON.stringify({ would: 'undecided', id, reason: undecided })
    : `undecided    ${id}: ${undecided}`;
}

function line(
  id: string,
  { action, version, reason, detail }: Preview,
  { changed, blanked }: Fields,
  json: boolean,
): string {
  if (json)
    return JSON.stringify({
      would: WOULD[action],
      id,
      version,
      ...(action === 'update' && { fields: changed, blanked }),
      reason,
    });
  if (action === 'update') {
    const blanks = blanked.length > 0 ? [`would blank ${blanked.join(', ')}`] : [];
    return `would update ${id}: ${[...(changed.length > 0 ? [changed.join(', ')] : []), ...blanks].join('; ')}`;
  }
  if (action === 'rejected') return `would reject ${id}: ${detail ?? ''} (${reason ?? ''})`;
  return action === 'gone' ? `is gone      ${id}` : `would create ${id}`;
}
