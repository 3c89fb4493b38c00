import type { Observer } from '../observe/observer.ts';
import { Failure, type Outcome, outcomeOf } from '../outcome.ts';
import { FinishRate } from './finish-rate.ts';

/** Work for the event queue. */
export interface Job<Event> {
  readonly event: Event;
  /** Identifies the resource. Jobs of one key never run at once, and run in the order of their arrival. */
  readonly key: string;
  /** Waiting jobs of one key with the same coalesceKey share one run; undefined never coalesces. */
  readonly coalesceKey: string | undefined;
  /** Chooses the event of a coalesced run from two events. */
  newer(one: Event, other: Event): Event;
  /** After this nothing is started for it, in milliseconds of `performance.now()`; undefined without a deadline. */
  readonly deadline?: number | undefined;
  /** Called when the run starts; `by` is the job whose `run` is called for all that share it. */
  started?(by: Job<Event>): void;
  /** The outcome of a shared run for one of its events. */
  settle?(event: Event, outcome: Outcome): Outcome;
  /** `deadline` is the latest of those that share the run. */
  run(event: Event, deadline: number | undefined): Promise<Outcome>;
}

/** A job in the queue. */
export interface Ticket {
  readonly outcome: Promise<Outcome>;
  /**
   * Removes the event from its run if that has not started, and settles it: returns true then. A run in flight
   * continues.
   */
  readonly leaveOut: () => boolean;
}

/** Why the queue accepts no job. */
export interface Busy {
  readonly reason: 'queue-full' | 'wait-too-long' | 'draining';
  readonly retryAfterSeconds: number;
}

export interface QueueOptions {
  /** Events waiting and in flight. */
  readonly limit: number;
  /** A job that would probably not be finished within this time is refused. */
  readonly longestWaitMilliseconds: number;
  readonly observer?: Observer | undefined;
}

interface Entry<Event> {
  readonly job: Job<Event>;
  readonly settle: (outcome: Outcome) => void;
}

interface Run<Event> {
  readonly coalesceKey: string | undefined;
  readonly entries: Set<Entry<Event>>;
  /** In milliseconds of `performance.now()`. */
  readonly since: number;
}

/** The detail of an event that the queue refuses. */
export const QUEUE_BUSY = 'The service accepts no more events for the moment.';

const DRAINING: Outcome = { kind: 'failed', reason: 'draining', detail: 'The service is shutting down.' };

/** Up to this share of the limit jobs are accepted at any rate: a few slow events must not block all others. */
const ALWAYS_ACCEPTED = 0.1;
const MAX_RETRY_AFTER_SECONDS = 60;

/**
 * The bounded queue between receiving and handling. A run waits only for an earlier run of its key; the requests in flight
 * are limited at each upstream.
 *
 * Invariants: `size` counts entries not yet settled and never exceeds the limit. A key exists while it has a run; its first
 * run is in flight, the others wait for it. Only the last run, if it has not started, coalesces more events.
 */
export class EventQueue<Event> {
  readonly #options: QueueOptions;
  readonly #rate: FinishRate;
  readonly #runsByKey = new Map<string, Run<Event>[]>();
  readonly #started = new WeakSet<Run<Event>>();
  #size = 0;
  #draining = false;
  #drained: (() => void) | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#rate = new FinishRate(options.longestWaitMilliseconds);
  }

  /** Events waiting and in flight. */
  get size(): number {
    return this.#size;
  }

  /** Events whose run has not started. */
  get waiting(): number {
    const runs = [...this.#runsByKey.values()].flat();
    return runs.reduce((sum, run) => (this.#started.has(run) ? sum : sum + run.entries.size), 0);
  }

  /** Runs in flight: one for each key. */
  get inFlight(): number {
    return this.#runsByKey.size;
  }

  /** This number of events is accepted at any rate. */
  get alwaysAccepted(): number {
    return Math.ceil(this.#options.limit * ALWAYS_ACCEPTED);
  }

  /** Why no job is accepted now; undefined if one is. */
  get busy(): Busy | undefined {
    return this.busyFor(this.#options.longestWaitMilliseconds);
  }

  /** The same for a job that has to be finished within `longestWaitMilliseconds`. */
  busyFor(longestWaitMilliseconds: number): Busy | undefined {
    if (this.#draining) return { reason: 'draining', retryAfterSeconds: 1 };
    const { limit } = this.#options;
    const isFull = this.#size >= limit;
    if (!isFull && this.#size < this.alwaysAccepted) return undefined;
    const { wait } = this.#rate;
    const isTooSlow = wait > longestWaitMilliseconds;
    if (!isFull && !isTooSlow) return undefined;
    const seconds = Math.min(MAX_RETRY_AFTER_SECONDS, Math.max(1, Math.ceil(wait / 1000)));
    return { reason: isFull ? 'queue-full' : 'wait-too-long', retryAfterSeconds: seconds };
  }

  /** Adds a job. Throws a `Failure` if the queue is busy. */
  enqueue(job: Job<Event>): Ticket {
    const { busy } = this;
    if (busy) throw new Failure(busy.reason, QUEUE_BUSY, { retryAfterSeconds: busy.retryAfterSeconds });
    const { promise: outcome, resolve } = Promise.withResolvers<Outcome>();
    const entry: Entry<Event> = {
      job,
      settle: (outcome) => {
        this.#size -= 1;
        this.#rate.finish();
        resolve(outcome);
      },
    };
    this.#size += 1;
    this.#rate.add();
    const run = this.#join(entry);
    return {
      outcome,
      leaveOut: () => {
        if (this.#started.has(run) || !run.entries.delete(entry)) return false;
        entry.settle({
          kind: 'failed',
          reason: 'out-of-time',
          detail: 'The event waited in the queue too long.',
        });
        return true;
      },
    };
  }

  /**
   * Accepts no more jobs, and waits `graceMilliseconds` at most for those it has. Settles the rest as `draining`, and
   * returns their number.
   */
  async drain(graceMilliseconds: number): Promise<number> {
    this.#draining = true;
    const { promise: drained, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, graceMilliseconds);
    this.#drained = resolve;
    if (this.#runsByKey.size === 0) resolve();
    await drained;
    clearTimeout(timer);
    let left = 0;
    for (const run of [...this.#runsByKey.values()].flat()) {
      left += run.entries.size;
      for (const entry of run.entries) entry.settle(DRAINING);
      run.entries.clear();
    }
    return left;
  }

  #join(entry: Entry<Event>): Run<Event> {
    const { key, coalesceKey } = entry.job;
    const runs = this.#runsByKey.get(key);
    const last = runs?.at(-1);
    if (last && coalesceKey !== undefined && last.coalesceKey === coalesceKey && !this.#started.has(last)) {
      last.entries.add(entry);
      return last;
    }
    const run: Run<Event> = { coalesceKey, entries: new Set([entry]), since: performance.now() };
    if (runs) runs.push(run);
    else void this.#work(key, [run]);
    return run;
  }

  /** Performs the runs of a key one after the other, until there are none. */
  async #work(key: string, runs: Run<Event>[]): Promise<void> {
    this.#runsByKey.set(key, runs);
    for (let [run] = runs; run; [run] = runs) {
      this.#started.add(run);
      await this.#perform(run);
      runs.shift();
    }
    this.#runsByKey.delete(key);
    if (this.#runsByKey.size === 0) this.#drained?.();
  }

  async #perform(run: Run<Event>): Promise<void> {
    const [first] = run.entries;
    if (!first) return;
    const { observer } = this.#options;
    const startedAt = performance.now();
    observer?.waited(startedAt - run.since);
    for (const { job } of run.entries) job.started?.(first.job);
    const outcome = await this.#run(first.job, run);
    observer?.handled(performance.now() - startedAt);
    for (const entry of run.entries) entry.settle(entry.job.settle?.(entry.job.event, outcome) ?? outcome);
    run.entries.clear();
  }

  /** Runs the first job for all entries. An error that is thrown synchronously must not stop the key either. */
  async #run(first: Job<Event>, { entries }: Run<Event>): Promise<Outcome> {
    try {
      let { event, deadline = Number.POSITIVE_INFINITY } = first;
      for (const { job } of entries) {
        event = job.newer(event, job.event);
        deadline = Math.max(deadline, job.deadline ?? Number.POSITIVE_INFINITY);
      }
      return await first.run(event, Number.isFinite(deadline) ? deadline : undefined);
    } catch (error) {
      return outcomeOf(error);
    }
  }
}
