import type { Outcome } from '../../outcome.ts';
import { isAccountFault } from '../customers/fatal-reasons.ts';
import type { Item } from '../customers/pages.ts';
import { type CustomerWork, changeOf } from '../customers/pipeline.ts';
import type { Progress } from '../customers/progress.ts';
import type { Checkpoint, SyncState } from './checkpoint.ts';
import type { Report, Reported } from './report.ts';

/** The counts that are shown even when they are zero. */
export const COUNTS = { written: 0, unchanged: 0, rejected: 0, failed: 0 } as const;

/** The run stops after this number of failures in a row (in page order), because their cause is not in the customers. */
const FAILURES_IN_A_ROW = 20;

/** The result of one customer; undefined if the next run must handle it (again). */
type End = { readonly count: string; readonly reason: string; readonly reported?: Reported } | undefined;

/** A run over the pages: handles the customers, counts and reports their outcomes, and moves the checkpoint. */
export class SyncRun {
  /** Why the run stopped early. */
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

  /** Moves the checkpoint to the last customer up to which all have a result. */
  async settle(page: readonly Item[], ends: readonly End[]): Promise<void> {
    // The checkpoint must not pass a customer without a result, so later pages do not move it.
    if (this.#broken) return;
    this.#stopAfterTooMany(ends);
    // After a failure of the account, other failures of the page may have the same cause, so the next run handles them again.
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
      const message = `${FAILURES_IN_A_ROW} customers in a row have failed. The last error: ${reported?.detail ?? ''}`;
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

/**
 * Rejects an id of `--ids` that does not exist in commercetools, unless its copy in Fluent was changed (a deleted customer).
 */
function unknownUnlessDone(outcome: Outcome): Outcome {
  if (outcome.kind !== 'ignored' && outcome.reason !== 'never-in-fluent') return outcome;
  const detail =
    'Expected the id of a customer, got one that does not (or no longer) exist in commercetools.';
  return { kind: 'rejected', reason: 'unknown-id', detail };
}

function countOf({ kind, reason }: Outcome): string {
  if (kind === 'rejected' || kind === 'failed') return kind;
  if (kind === 'ignored') return 'ignored';
  return reason === 'unchanged' || reason === 'already-done' || reason === 'never-in-fluent'
    ? 'unchanged'
    : 'written';
}
