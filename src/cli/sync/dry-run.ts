import type { Preview } from '../../handler.ts';
import { Failure } from '../../outcome.ts';
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

/** Says what `sync` would do, a line a customer for which it would do something; writes nothing, and keeps no state. */
export async function dryRun(options: SyncOptions, io: Io): Promise<ExitCode> {
  const work = await openCustomerWork(io, options, io.signal);
  try {
    const preview = previewerOf(work);
    const window = options.since === undefined ? {} : { window: windowOf(options.since, Date.now()) };
    const query = queryOf(options, window);
    const { commercetools } = work.account;
    const total = await countCustomers(commercetools, query);
    const counts: Record<string, number> = { create: 0, update: 0, unchanged: 0, rejected: 0 };
    const fields: Record<string, number> = {};
    const progress = new Progress(io, 'dry run', total, counts);
    const pages = readPages(commercetools, query, undefined, io.signal);
    try {
      await processPages(pages, preview, settle, io.signal);
    } finally {
      progress.stop();
    }
    const finished = !io.signal.aborted;
    if (options.json) io.out(JSON.stringify({ dryRun: true, finished, total, ...counts, fields }));
    else io.out(sentence(counts, fields));
    if (!finished) return EXIT.interrupted;
    return (counts['rejected'] ?? 0) + (counts['undecided'] ?? 0) > 0 ? EXIT.found : EXIT.ok;

    async function settle(page: readonly Item[], previews: readonly (Preview | Undecided)[]): Promise<void> {
      for (const [index, preview] of previews.entries()) {
        const would = wouldOf(preview);
        progress.add(would);
        counts[would] = (counts[would] ?? 0) + 1;
        const sent = 'action' in preview && preview.action === 'update' ? preview.differing : [];
        for (const field of sent) fields[field] = (fields[field] ?? 0) + 1;
        if (would === 'unchanged' || would === 'ignored') continue;
        const id = page[index]?.position.id ?? '';
        io.out('action' in preview ? line(id, preview, options.json) : unsaid(id, preview, options.json));
      }
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

function unsaid(id: string, { undecided }: Undecided, json: boolean): string {
  return json
    ? JSON.stringify({ would: 'undecided', id, reason: undecided })
    : `undecided    ${id}: ${undecided}`;
}

function line(id: string, { action, version, differing, reason, detail }: Preview, json: boolean): string {
  if (json)
    return JSON.stringify({
      would: WOULD[action],
      id,
      version,
      fields: action === 'update' ? differing : undefined,
      reason,
    });
  if (action === 'update') return `would update ${id}: ${differing.join(', ')}`;
  if (action === 'rejected') return `would reject ${id}: ${detail ?? ''} (${reason ?? ''})`;
  return action === 'gone' ? `is gone      ${id}` : `would create ${id}`;
}

function sentence(
  counts: Readonly<Record<string, number>>,
  fields: Readonly<Record<string, number>>,
): string {
  const parts = Object.entries(counts).map(([name, count]) => `${name} ${number(count)}`);
  const which = Object.entries(fields).map(([name, count]) => `${name} (${number(count)})`);
  const updates = which.length > 0 ? ` Fields to update: ${which.join(', ')}.` : '';
  return `Nothing was written. A run would: ${parts.join(', ')}.${updates}`;
}
