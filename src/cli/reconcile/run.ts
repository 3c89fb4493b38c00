import type { Preview } from '../../handler.ts';
import { Failure } from '../../outcome.ts';
import { BlankingGuard, blankingAdvice, WOULD_BLANK } from '../customers/blanking-guard.ts';
import { differenceOf } from '../customers/field-counts.ts';
import { countCustomers, type Item, readPages } from '../customers/pages.ts';
import { type CustomerWork, changeOf, openCustomerWork } from '../customers/pipeline.ts';
import { previewerOf, type Undecided } from '../customers/previews.ts';
import { processPages } from '../customers/process-pages.ts';
import { Progress } from '../customers/progress.ts';
import { queryOf, windowOf } from '../customers/query.ts';
import { EXIT, type ExitCode, type Io } from '../io.ts';
import { type Finding, Findings } from './findings.ts';
import { readFluentPages } from './fluent-pages.ts';
import type { ReconcileOptions } from './options.ts';
import { orphansAmong } from './orphans.ts';

/** Compares both sides page by page; keeps only the counts and the first findings in memory. */
export async function runReconcile(options: ReconcileOptions, io: Io): Promise<ExitCode> {
  const stop = new AbortController();
  const guard = new BlankingGuard(options.allowBlanking ?? [], () => stop.abort());
  const signal = AbortSignal.any([io.signal, stop.signal]);
  const work = await openCustomerWork(io, options, signal);
  const findings = new Findings(io, options.json);
  let failure: Failure | undefined;
  try {
    await compare(work, guard, options, { ...io, signal }, findings);
    const selected = options.since !== undefined || options.where !== undefined || options.ids !== undefined;
    if (!selected && !signal.aborted) await findOrphans(work, options, io, findings);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    failure = error;
  } finally {
    await work.close();
  }
  if (guard.stoppedBy.length > 0)
    failure = new Failure(WOULD_BLANK, `Stopped: it ${blankingAdvice(guard.stoppedBy, work.route)}.`);
  const interrupted = io.signal.aborted;
  findings.conclude(!failure && !interrupted);
  if (interrupted) return EXIT.interrupted;
  if (failure) {
    io.err(`${failure.message} (${failure.reason}) The comparison is not complete; run it again.`);
    return EXIT.failed;
  }
  return findings.total > findings.fixed ? EXIT.found : EXIT.ok;
}

async function compare(
  work: CustomerWork,
  guard: BlankingGuard,
  options: ReconcileOptions,
  io: Io,
  findings: Findings,
): Promise<void> {
  const preview = previewerOf(work);
  const { commercetools, account } = work.account;
  const window = options.since === undefined ? {} : { window: windowOf(options.since, Date.now()) };
  const query = queryOf(options, window);
  const progress = new Progress(io, 'compare', await countCustomers(commercetools, query), {
    equal: 0,
    missing: 0,
    different: 0,
    undecided: 0,
  });

  async function findingsOf(page: readonly Item[]): Promise<(Finding | undefined)[]> {
    const previews = await preview(page);
    if (options.fix) guard.foresee(previews.map((seen) => ('action' in seen ? (seen.blanked ?? []) : [])));
    return Promise.all(page.map((item, index) => findingFor(item, previews[index])));
  }

  async function findingFor({ position: { id }, customer }: Item, seen: Preview | Undecided | undefined) {
    const finding = seen && found(id, seen);
    if (!finding || !options.fix || finding.reason !== undefined) return finding;
    const outcome = await work.handle(changeOf(account.projectKey, id, customer), { isForeseen: true });
    if (outcome?.kind === 'ignored') return undefined;
    return outcome?.kind === 'done'
      ? { ...finding, fixed: true }
      : { ...finding, reason: outcome?.reason ?? (guard.stoppedBy.length > 0 ? WOULD_BLANK : 'interrupted') };
  }

  try {
    const pages = readPages(commercetools, query, undefined, io.signal);
    await processPages(
      pages,
      findingsOf,
      async (_, all) => {
        for (const finding of all) {
          progress.add(finding?.finding ?? 'equal');
          if (finding) findings.add(finding);
          else findings.counts.equal += 1;
        }
      },
      io.signal,
    );
  } finally {
    progress.stop();
  }
}

function found(id: string, seen: Preview | Undecided): Finding | undefined {
  if ('undecided' in seen) return { finding: 'undecided', id, reason: seen.undecided };
  const { action, version, found, reason } = seen;
  if (action === 'none' || action === 'gone' || action === 'ignored') return undefined;
  const why = action === 'rejected' ? { reason } : {};
  const { changed, blanked } = differenceOf(seen);
  return found
    ? { finding: 'different', id, version, fields: changed, ...(blanked.length > 0 && { blanked }), ...why }
    : { finding: 'missing', id, version, ...why };
}

async function findOrphans(
  work: CustomerWork,
  options: ReconcileOptions,
  io: Io,
  findings: Findings,
): Promise<void> {
  const { idAttribute, projectAttribute } = work.route;
  if (idAttribute === undefined) return;
  const { fluent, account } = work.account;
  const progress = new Progress(io, 'orphans', findings.counts.equal + findings.total, {
    present: 0,
    orphaned: 0,
  });
  try {
    await processPages(
      readFluentPages(fluent, account.retailerId, { idAttribute, projectAttribute }, io.signal),
      (copies) => orphansAmong(copies, work, options.fix),
      async (copies, orphans) => {
        for (const orphan of orphans) {
          findings.add(orphan);
          progress.add('orphaned');
        }
        for (let present = copies.length - orphans.length; present > 0; present -= 1) progress.add('present');
      },
      io.signal,
    );
  } finally {
    progress.stop();
  }
}
