import { Failure } from '../../outcome.ts';
import { BlankingGuard, blankingAdvice, WOULD_BLANK } from '../customers/blanking-guard.ts';
import { countCustomers, readPages } from '../customers/pages.ts';
import { type CustomerWork, openCustomerWork } from '../customers/pipeline.ts';
import { processPages } from '../customers/process-pages.ts';
import { number, Progress } from '../customers/progress.ts';
import { queryOf } from '../customers/query.ts';
import { EXIT, type ExitCode, type Io } from '../io.ts';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import { keepLastFullSync } from './last-full-sync.ts';
import type { SyncOptions } from './options.ts';
import { COUNTS, SyncRun } from './page-handler.ts';
import { Report } from './report.ts';
import { resume } from './resume.ts';

/** Handles every customer of the selection, and stores its progress. */
export async function runSync(options: SyncOptions, io: Io): Promise<ExitCode> {
  const stop = new AbortController();
  if (io.signal.aborted) stop.abort();
  io.signal.addEventListener('abort', () => stop.abort(), { once: true });
  const guard = new BlankingGuard(options.allowBlanking ?? [], () => stop.abort());
  const work = await openCustomerWork(io, { ...options, guard }, stop.signal);
  try {
    return await syncWith(work, guard, options, io, stop);
  } finally {
    await work.close();
  }
}

async function syncWith(
  work: CustomerWork,
  guard: BlankingGuard,
  options: SyncOptions,
  io: Io,
  stop: AbortController,
): Promise<ExitCode> {
  const { commercetools } = work.account;
  const checkpoint = openCheckpoint(options.state, commercetools);
  const { projectKey } = work.account.account;
  const { fingerprint } = work.route;
  const state = await resume(checkpoint, options, { projectKey, fingerprint }, Date.now());
  const continued = state.position !== undefined;
  if (continued)
    io.err(`Continuing after ${number(sum(state.counts))} customers, according to ${checkpoint.name}.`);
  if (continued && state.fingerprint !== fingerprint)
    io.err(
      `The mapping has changed since this run started (${state.fingerprint}, now ${fingerprint}): these customers were written with the earlier mapping. --restart starts again and writes them again.`,
    );
  const query = queryOf(options, state);
  const total = await countCustomers(commercetools, query);
  const report = new Report(options.report, continued);
  const progress = new Progress(io, 'sync', total, { ...COUNTS, ...state.counts });
  const run = new SyncRun(work, checkpoint, state, report, progress, stop);
  const pages = readPages(commercetools, query, state.position, stop.signal);
  try {
    await processPages(
      pages,
      (page) => run.work(page),
      (page, ends) => run.settle(page, ends),
      stop.signal,
    );
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    run.failure ??= error;
  } finally {
    progress.stop();
    await report.close();
  }
  if (guard.stoppedBy.length > 0)
    run.failure ??= {
      reason: WOULD_BLANK,
      message: `Stopped: the run ${blankingAdvice(guard.stoppedBy, work.route)}.`,
    };
  return conclude(run, { work, options, io, total, checkpoint, continued });
}

interface Ending {
  readonly work: CustomerWork;
  readonly options: SyncOptions;
  readonly io: Io;
  readonly total: number;
  readonly checkpoint: Checkpoint;
  readonly continued: boolean;
}

async function conclude(
  run: SyncRun,
  { work, options, io, total, checkpoint, continued }: Ending,
): Promise<ExitCode> {
  const { counts } = run.state;
  const { failure } = run;
  const interrupted = !failure && io.signal.aborted;
  const finished = !failure && !interrupted;
  if (finished) {
    const { since, where, ids } = options;
    const { account, commercetools } = work.account;
    // Stores the mapping at the start: if a run was continued with another mapping, its first customers have the earlier one's
    // values.
    if (since === undefined && where === undefined && ids === undefined)
      await keepLastFullSync(options.state, commercetools, account.projectKey, {
        fingerprint: run.state.fingerprint,
        finishedAt: new Date().toISOString(),
      });
    await checkpoint.remove();
  }
  const rejected = counts['rejected'] ?? 0;
  const failed = counts['failed'] ?? 0;
  const reported = rejected + failed > 0;
  const where = reported ? { report: options.report } : {};
  const ended = sum(counts);
  if (options.json)
    io.out(
      JSON.stringify({
        finished,
        continued,
        total,
        ended,
        ...COUNTS,
        ...counts,
        reasons: run.reasons,
        ...where,
        ...(failure && { failure: failure.reason }),
      }),
    );
  if (reported)
    io.err(
      `${number(rejected)} rejected, ${number(failed)} failed; ${options.report} lists them with the reasons.`,
    );
  if (finished) return reported ? EXIT.found : EXIT.ok;
  const why = failure ? `${failure.message} (${failure.reason})` : 'Interrupted.';
  const next = failure?.reason === WOULD_BLANK ? 'The next run' : 'Run the same command again: it';
  io.err(
    `${why} ${number(ended)} of ${number(total)} customers are done. ${next} continues there, according to ${checkpoint.name}.`,
  );
  return failure ? EXIT.failed : EXIT.interrupted;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
