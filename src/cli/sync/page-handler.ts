import type { Outcome } from '../../outcome.ts';
import { isAccountFault } from '../customers/fatal-reasons.ts';
import type { Item } from '../customers/pages.ts';
import { type CustomerWork, changeOf } from '../customers/pipeline.ts';
import type { Progress } from '../customers/progress.ts';
import type { Checkpoint, SyncState } from './checkpoint.ts';
import type { Report, Reported } from './report.ts';

/** What is shown from the start. */
export const COUNTS = { written: 0, unchanged: 0, rejected: 0, failed: 0 } as const;

/** So many customers that fail one after the other, in the order of the pages, are no fault of theirs. */
const FAILURES_IN_A_ROW = 20;

/** The outcome of one customer; undefined if it was not started, or has to be started again. */
type End = { readonly count: string; readonly reason: string; readonly reported?: Reported } | undefined;

/** One run over the pages: handles them, counts, reports what is rejected or has failed, and moves the checkpoint. */
export class SyncRun {
  /** What ended it before its time. */
  failure: { readonly reason: string; readonly message: string } | undefined;
  state: SyncState;
  readonly reasons: Record<string, number> = {};
  readonly #work: CustomerWork;
  readonly #checkpoint: Checkpoint;
  readonly #report: Report;
  readonly #progress: Progress;
  readonly #stop: AbortController;
  #broken = false;
  #failedInARow = 0;

  constructor(
    work: CustomerWork,
    checkpoint: Checkpoint,
    state: SyncState,
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
    this.#stopAfterTooMany(ends);
    // What has failed beside a fault of the account may have failed by it, so it is started again as well.
    const open = ends.findIndex((end) => !end || (this.failure && end.count === 'failed'));
    const ended = ends.slice(0, open < 0 ? ends.length : open).filter((end) => end !== undefined);
    this.#broken = open >= 0;
    const last = page[ended.length - 1];
    if (!last) return;
    await this.#report.add(ended.flatMap(({ reported }) => reported ?? []));
    const counts = { ...this.state.counts };
    for (const { count, reason } of ended) {
      counts[count] = (counts[count] ?? 0) + 1;
      this.reasons[reason] = (this.reasons[reason] ?? 0) + 1;
    }
    this.state = { ...this.state, counts, position: last.position };
    await this.#checkpoint.write(this.state);
  }

  #stopAfterTooMany(ends: readonly End[]): void {
    for (const end of ends) {
      if (!end) return;
      this.#failedInARow = end.count === 'failed' ? this.#failedInARow + 1 : 0;
      if (this.#failedInARow < FAILURES_IN_A_ROW) continue;
      const { reason, reported } = end;
      const message = `${FAILURES_IN_A_ROW} customers in a row have failed; of the last: ${reported?.detail ?? ''}`;
      this.failure ??= { reason, message };
      this.#stop.abort();
      return;
    }
  }

  async #handle({ position: { id }, customer }: Item): Promise<End> {
    const handled = await this.#work.handle(changeOf(this.#work.account.account.projectKey, id, customer));
    if (!handled) return undefined;
    const outcome = customer ? handled : unknownUnlessDone(handled);
    const count = countOf(outcome);
    this.#progress.add(count);
    const { kind, reason } = outcome;
    if (kind === 'failed' && isAccountFault(reason)) {
      this.failure ??= { reason, message: outcome.detail };
      this.#stop.abort();
      return undefined;
    }
    if (kind !== 'rejected' && kind !== 'failed') return { count, reason };
    const reported = { outcome: kind, id, version: customer?.version, reason, detail: outcome.detail };
    return { count, reason, reported };
  }
}

/** An id of `--ids` that commercetools does not have is a mistake, unless its copy in Fluent was changed. */
function unknownUnlessDone(outcome: Outcome): Outcome {
  if (outcome.kind !== 'ignored' && outcome.reason !== 'never-in-fluent') return outcome;
  const detail = 'Expected the id of a customer, got one that commercetools does not have (any more).';
  return { kind: 'rejected', reason: 'unknown-id', detail };
}

function countOf({ kind, reason }: Outcome): string {
  if (kind === 'rejected' || kind === 'failed') return kind;
  if (kind === 'ignored') return 'ignored';
  return reason === 'unchanged' || reason === 'already-done' || reason === 'never-in-fluent'
    ? 'unchanged'
    : 'written';
}
