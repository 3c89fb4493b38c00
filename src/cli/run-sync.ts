import { Failure, type Outcome } from '../outcome.ts';
import { type Checkpoint, openCheckpoint, type State } from './checkpoint.ts';
import { type CustomerWork, changeOf, openCustomerWork } from './customer-work.ts';
import { EXIT, type ExitCode, type Io } from './io.ts';
import { countCustomers, type Item, readPages } from './pages.ts';
import { number, Progress } from './progress.ts';
import { type Rejected, Report } from './report.ts';
import { queryOf, resume } from './resume.ts';
import type { SyncOptions } from './sync.ts';
import { throughPages } from './through-pages.ts';

const COUNTS = { written: 0, unchanged: 0, rejected: 0, failed: 0 } as const;

/** Handles every customer of the selection, and keeps how far it has come. */
export async function runSync(options: SyncOptions, io: Io): Promise<ExitCode> {
  const stop = new AbortController();
  if (io.signal.aborted) stop.abort();
  io.signal.addEventListener('abort', () => stop.abort(), { once: true });
  const work = await openCustomerWork(io, options, stop.signal);
  try {
    return await syncWith(work, options, io, stop);
  } finally {
    await work.close();
  }
}

async function syncWith(
  work: CustomerWork,
  options: SyncOptions,
  io: Io,
  stop: AbortController,
): Promise<ExitCode> {
  const { commercetools } = work.account;
  const checkpoint = openCheckpoint(options.state, commercetools);
  const state = await resume(checkpoint, options, work.account.account.projectKey, Date.now());
  const continued = state.position !== undefined;
  if (continued) io.err(`Going on after ${number(sum(state.counts))} customers, as ${checkpoint.name} says.`);
  const query = queryOf(options, state);
  const total = await countCustomers(commercetools, query);
  const report = new Report(options.report, continued);
  const progress = new Progress(io, 'sync', total, { ...COUNTS, ...state.counts });
  const run = new SyncRun(work, checkpoint, state, report, progress, stop);
  const pages = readPages(commercetools, query, state.position, stop.signal);
  try {
    await throughPages(
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
  return conclude(run, { options, io, total, checkpoint, continued });
}

/** How one customer ended; undefined when it was not begun, or not ended well. */
type End = { readonly count: string; readonly reason: string; readonly rejected?: Rejected } | undefined;

class SyncRun {
  failure: { readonly reason: string; readonly message: string } | undefined;
  failed = 0;
  state: State;
  readonly reasons: Record<string, number> = {};
  readonly #work: CustomerWork;
  readonly #checkpoint: Checkpoint;
  readonly #report: Report;
  readonly #progress: Progress;
  readonly #stop: AbortController;
  #broken = false;

  constructor(
    work: CustomerWork,
    checkpoint: Checkpoint,
    state: State,
    report: Report,
    progress: Progress,
    stop: AbortController,
  ) {
    this.#work = work;
    this.#checkpoint = checkpoint;
    this.state = state;
    this.#report = report;
    this.#progress = progress;
    this.#stop = stop;
  }

  async work(page: readonly Item[]): Promise<End[]> {
    const customers = page.flatMap(({ customer }) => customer ?? []);
    this.#work.pages.hold(customers);
    try {
      return await Promise.all(page.map((item) => this.#handle(item)));
    } finally {
      this.#work.pages.release(customers);
    }
  }

  /** Moves the checkpoint to the last customer before which all have ended. */
  async settle(page: readonly Item[], ends: readonly End[]): Promise<void> {
    // A later page must not hide what an earlier one has left.
    if (this.#broken) return;
    const open = ends.indexOf(undefined);
    const ended = ends.slice(0, open < 0 ? ends.length : open).filter((end) => end !== undefined);
    this.#broken = open >= 0;
    const last = page[ended.length - 1];
    if (!last) return;
    await this.#report.add(ended.flatMap(({ rejected }) => rejected ?? []));
    const counts = { ...this.state.counts };
    for (const { count, reason } of ended) {
      counts[count] = (counts[count] ?? 0) + 1;
      this.reasons[reason] = (this.reasons[reason] ?? 0) + 1;
    }
    this.state = { ...this.state, counts, position: last.position };
    await this.#checkpoint.write(this.state);
  }

  async #handle({ position: { id }, customer }: Item): Promise<End> {
    const outcome = await this.#work.handle(changeOf(this.#work.account.account.projectKey, id, customer));
    if (!outcome) return undefined;
    const count = countOf(outcome);
    this.#progress.add(count);
    if (outcome.kind === 'failed') {
      this.failed += 1;
      this.failure ??= { reason: outcome.reason, message: outcome.detail };
      this.#stop.abort();
      return undefined;
    }
    const { reason } = outcome;
    if (outcome.kind !== 'rejected') return { count, reason };
    return { count, reason, rejected: { id, version: customer?.version, reason, detail: outcome.detail } };
  }
}

function countOf({ kind, reason }: Outcome): string {
  if (kind === 'rejected' || kind === 'failed') return kind;
  if (kind === 'ignored') return 'ignored';
  return reason === 'unchanged' || reason === 'already-done' || reason === 'never-in-fluent'
    ? 'unchanged'
    : 'written';
}

interface Ending {
  readonly options: SyncOptions;
  readonly io: Io;
  readonly total: number;
  readonly checkpoint: Checkpoint;
  readonly continued: boolean;
}

async function conclude(
  run: SyncRun,
  { options, io, total, checkpoint, continued }: Ending,
): Promise<ExitCode> {
  const { counts } = run.state;
  const { failure } = run;
  const interrupted = !failure && io.signal.aborted;
  const finished = !failure && !interrupted;
  if (finished) await checkpoint.remove();
  const rejected = counts['rejected'] ?? 0;
  const where = rejected > 0 ? { report: options.report } : {};
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
        failed: run.failed,
        reasons: run.reasons,
        ...where,
        ...(failure && { failure: failure.reason }),
      }),
    );
  if (rejected > 0) io.err(`${number(rejected)} rejected; ${options.report} says which, and why.`);
  if (finished) return rejected > 0 ? EXIT.found : EXIT.ok;
  const why = failure ? `${failure.message} (${failure.reason})` : 'Interrupted.';
  io.err(
    `${why} ${number(ended)} of ${number(total)} customers are done. Run the same command again: it goes on from there, as ${checkpoint.name} says.`,
  );
  return failure ? EXIT.failed : EXIT.interrupted;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
