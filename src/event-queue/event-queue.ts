import type { Observer } from '../observe/observer.ts';
import { Failure, type Outcome, outcomeOf } from '../outcome.ts';
import { FinishRate } from './finish-rate.ts';

/** Work for the event queue. */
export interface Job<Event> {
  readonly event: Event;
  /** Jobs of the same key never run at once, and run in the order of their arrival: a key is a resource. */
  readonly key: string;
  /** Waiting jobs of one key that have the same coalesceKey run once, for all of them; undefined never coalesces. */
  readonly coalesceKey: string | undefined;
  /** Which of two events stands for both when they share a run. */
  newer(one: Event, other: Event): Event;
  /** Until when something may be started for it, in milliseconds of `performance.now()`; undefined without end. */
  readonly deadline?: number | undefined;
  /** Told once the wait is over; `by` is the job whose `run` serves this one too. */
  started?(by: Job<Event>): void;
  /** The outcome of a shared run for one of its events. */
  settle?(event: Event, outcome: Outcome): Outcome;
  /** `deadline` is the latest of those that share the run. */
  run(event: Event, deadline: number | undefined): Promise<Outcome>;
}

/** A job that was taken in. */
export interface Ticket {
  readonly outcome: Promise<Outcome>;
  /** Leaves out a run that has not started, which settles the event: true then. One in flight goes on. */
  readonly leaveOut: () => boolean;
}

/** Why the queue takes in no more. */
export interface Busy {
  readonly reason: 'queue-full' | 'wait-too-long' | 'draining';
  readonly retryAfterSeconds: number;
}

export interface QueueOptions {
  /** Events waiting and in flight. */
  readonly limit: number;
  /** A job that would not be finished within this time is not taken in. */
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

/** What is said of an event that cannot be taken in now. */
export const QUEUE_BUSY = 'The service takes in no more events for the moment.';

const DRAINING: Outcome = { kind: 'failed', reason: 'draining', detail: 'The service is shutting down.' };

/** So little of the limit is taken in whatever the rate: a few events that take long must not shut out all others. */
const ALWAYS_TAKEN_IN = 0.1;
const LONGEST_RETRY_AFTER_SECONDS = 60;

/**
 * The bounded queue between receiving and handling. A run waits only for an earlier one of its key; how many requests are
 * in flight is limited at each upstream.
 *
 * Invariants: `size` counts entries not yet settled and never exceeds the limit. A key exists while it has a run; its first
 * run is in flight, the others wait for it. Only the last, if not started, takes in more events.
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

  /** Why no job is taken in now; undefined when one is. */
  get busy(): Busy | undefined {
    if (this.#draining) return { reason: 'draining', retryAfterSeconds: 1 };
    const { limit, longestWaitMilliseconds } = this.#options;
    const isFull = this.#size >= limit;
    if (!isFull && this.#size < limit * ALWAYS_TAKEN_IN) return undefined;
    const { wait } = this.#rate;
    const isTooSlow = wait > longestWaitMilliseconds;
    if (!isFull && !isTooSlow) return undefined;
    const seconds = Math.min(LONGEST_RETRY_AFTER_SECONDS, Math.max(1, Math.ceil(wait / 1000)));
    return { reason: isFull ? 'queue-full' : 'wait-too-long', retryAfterSeconds: seconds };
  }

  /** Takes a job in. Throws a `Failure` where it cannot. */
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

  /** Takes in no more; waits for what was taken in, `graceMilliseconds` at most, and then answers `draining` for what is left. Returns how many events that were. */
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
    const { key: name, coalesceKey } = entry.job;
    const key = this.#runsByKey.get(name);
    const last = key?.at(-1);
    if (last && coalesceKey !== undefined && last.coalesceKey === coalesceKey && !this.#started.has(last)) {
      last.entries.add(entry);
      return last;
    }
    const run: Run<Event> = { coalesceKey, entries: new Set([entry]), since: performance.now() };
    if (key) key.push(run);
    else void this.#work(name, [run]);
    return run;
  }

  /** Performs the runs of a key, one after the other, until there is none. */
  async #work(name: string, key: Run<Event>[]): Promise<void> {
    this.#runsByKey.set(name, key);
    for (let [run] = key; run; [run] = key) {
      this.#started.add(run);
      await this.#perform(run);
      key.shift();
    }
    this.#runsByKey.delete(name);
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

  /** The run of the first job, for all of them. What is thrown before there is a promise must not stop the key either. */
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
