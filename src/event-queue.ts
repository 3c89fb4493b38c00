import PQueue from 'p-queue';
import type { Observer } from './observer.ts';
import { type Outcome, outcomeOf } from './outcome.ts';

/** Work for the event queue. */
export interface Job<Event> {
  readonly event: Event;
  /** Jobs of the same lane never run at once, and run in the order of their arrival: a lane is a resource. */
  readonly lane: string;
  /** Waiting jobs of one lane that have the same share run once, for all of them; undefined never shares. */
  readonly share: string | undefined;
  /** Which of two events stands for both when they share a run. */
  newer(one: Event, other: Event): Event;
  /** Until when something may be begun for it, in milliseconds of `performance.now()`; undefined without end. */
  readonly deadline?: number | undefined;
  /** Told once the wait is over; `by` is the job whose `run` serves this one too. */
  begun?(by: Job<Event>): void;
  /** The outcome of a shared run for one of its events. */
  settle?(event: Event, outcome: Outcome): Outcome;
  /** `deadline` is the latest of those that share the run. */
  run(event: Event, deadline: number | undefined): Promise<Outcome>;
}

/** A job that was taken in. */
export interface Ticket {
  readonly outcome: Promise<Outcome>;
  /** Says that nobody waits any more: a run that has not begun is left out, one under way goes on. */
  abandon(): void;
}

/** Why the queue takes in no more. */
export interface Busy {
  readonly busy: 'queue-full' | 'wait-too-long' | 'draining';
  readonly retryAfterSeconds: number;
}

export interface QueueOptions {
  /** Runs under way at once. */
  readonly concurrency: number;
  /** Events waiting and under way. */
  readonly limit: number;
  /** A job whose turn would come later than this is not taken in. */
  readonly longestWaitMilliseconds: number;
  readonly observer?: Observer | undefined;
}

interface Entry<Event> {
  readonly job: Job<Event>;
  readonly settle: (outcome: Outcome) => void;
}

interface Run<Event> {
  readonly share: string | undefined;
  readonly entries: Set<Entry<Event>>;
  /** In milliseconds of `performance.now()`. */
  readonly since: number;
}

const DRAINING: Outcome = { kind: 'failed', reason: 'draining', detail: 'The service is shutting down.' };

/**
 * The bounded, concurrency-limited queue between receiving and handling.
 *
 * Invariants: `size` counts entries not yet settled and never exceeds the limit. A lane exists while it has a run; its first
 * run is under way or waits for a place, the others wait for the first. Only the last, if not begun, takes in more events.
 */
export class EventQueue<Event> {
  readonly #options: QueueOptions;
  readonly #places: PQueue;
  readonly #lanes = new Map<string, Run<Event>[]>();
  readonly #begun = new WeakSet<Run<Event>>();
  #size = 0;
  #draining = false;
  /** Milliseconds a run takes, a moving average: what a wait is estimated from. */
  #pace = 0;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#places = new PQueue({ concurrency: options.concurrency });
  }

  /** Events waiting and under way. */
  get size(): number {
    return this.#size;
  }

  /** Events whose run has not begun. */
  get waiting(): number {
    const runs = [...this.#lanes.values()].flat();
    return runs.reduce((sum, run) => (this.#begun.has(run) ? sum : sum + run.entries.size), 0);
  }

  /** Runs under way. */
  get underWay(): number {
    return this.#places.pending;
  }

  /** Lanes that have a run, waiting or under way. */
  get lanes(): number {
    return this.#lanes.size;
  }

  /** Takes a job in, or says at once why not. */
  enqueue(job: Job<Event>): Ticket | Busy {
    const busy = this.#refusal();
    if (busy) return busy;
    const { promise: outcome, resolve } = Promise.withResolvers<Outcome>();
    const entry: Entry<Event> = {
      job,
      settle: (outcome) => {
        this.#size -= 1;
        resolve(outcome);
      },
    };
    this.#size += 1;
    const run = this.#join(entry);
    return {
      outcome,
      abandon: () => {
        if (this.#begun.has(run) || !run.entries.delete(entry)) return;
        entry.settle({
          kind: 'failed',
          reason: 'out-of-time',
          detail: 'The event waited in the queue too long.',
        });
      },
    };
  }

  /** Takes in no more; waits for what was taken in, `graceMilliseconds` at most, and then answers `draining` for what is left. */
  async drain(graceMilliseconds: number): Promise<void> {
    this.#draining = true;
    const { promise: timeIsUp, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, graceMilliseconds);
    await Promise.race([this.#places.onIdle(), timeIsUp]);
    clearTimeout(timer);
    for (const run of [...this.#lanes.values()].flat()) {
      for (const entry of run.entries) entry.settle(DRAINING);
      run.entries.clear();
    }
  }

  #refusal(): Busy | undefined {
    if (this.#draining) return { busy: 'draining', retryAfterSeconds: 1 };
    if (this.#size >= this.#options.limit) return { busy: 'queue-full', retryAfterSeconds: 1 };
    const wait = (this.#places.size / this.#options.concurrency) * this.#pace;
    if (wait <= this.#options.longestWaitMilliseconds) return undefined;
    return { busy: 'wait-too-long', retryAfterSeconds: Math.ceil(wait / 1000) };
  }

  #join(entry: Entry<Event>): Run<Event> {
    const { lane: name, share } = entry.job;
    const lane = this.#lanes.get(name);
    const last = lane?.at(-1);
    if (last && share !== undefined && last.share === share && !this.#begun.has(last)) {
      last.entries.add(entry);
      return last;
    }
    const run: Run<Event> = { share, entries: new Set([entry]), since: performance.now() };
    if (lane) lane.push(run);
    else {
      this.#lanes.set(name, [run]);
      this.#wait(name, run);
    }
    return run;
  }

  #wait(name: string, run: Run<Event>): void {
    this.#places.add(async () => {
      this.#begun.add(run);
      await this.#perform(run);
      const lane = this.#lanes.get(name);
      lane?.shift();
      const next = lane?.[0];
      if (next) this.#wait(name, next);
      else this.#lanes.delete(name);
    });
  }

  async #perform(run: Run<Event>): Promise<void> {
    const [first] = run.entries;
    if (!first) return;
    const { observer } = this.#options;
    const startedAt = performance.now();
    observer?.waited(startedAt - run.since);
    for (const { job } of run.entries) job.begun?.(first.job);
    const outcome = await this.#run(first.job, run);
    const took = performance.now() - startedAt;
    observer?.handled(took);
    this.#pace = this.#pace === 0 ? took : this.#pace * 0.9 + took * 0.1;
    for (const entry of run.entries) entry.settle(entry.job.settle?.(entry.job.event, outcome) ?? outcome);
    run.entries.clear();
  }

  /** The run of the first job, for all of them. What is thrown before there is a promise must not stop the lane either. */
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
