import { setImmediate as settled } from 'node:timers/promises';
import { EventQueue } from '../../src/event-queue/event-queue.ts';
import type { Event, Handle, Outcome } from '../../src/handler.ts';
import { outcomeOf } from '../../src/outcome.ts';
import { Steps } from './steps.ts';
import { Message } from './subscription.ts';

/** An instance of the service: a queue and a handler with its own memory. */
export interface Instance {
  readonly queue: EventQueue<Event>;
  readonly handle: Handle;
  readonly deliveries: Set<Message>;
}

export interface InstancesOptions {
  /** The time in milliseconds for handlers and queues. */
  readonly clock: { now: number };
  /** The handler of the nth instance that is started in this history. */
  handlerOf(nth: number): Promise<Handle>;
  /** Runs a handler with the clients of the model; converts an error to an outcome. */
  run(instance: Instance, event: Event): Promise<Outcome>;
  /** Called with an error of a handler that must not occur, and the outcome that it became. */
  thrown(outcome: Outcome, error: unknown): void;
  /** The outcome of a coalesced run for one of its events. */
  settle(event: Event, outcome: Outcome): Outcome;
  /** Receives the outcome of a delivery; returns true if it acknowledges the message. */
  concluded(event: Event, outcome: Outcome): boolean;
}

const ROUNDS = 200;

/** The instances of a history, the messages of its subscription, and their possible actions. */
export class Instances {
  readonly steps = new Steps();
  readonly messages: Message[] = [];
  readonly #options: InstancesOptions;
  readonly #all: Instance[] = [];
  #started = 0;

  constructor(options: InstancesOptions) {
    this.#options = options;
  }

  async start(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) this.#all.push(await this.#startOne());
  }

  publish(event: Event): void {
    this.messages.push(new Message(event, this.#options.clock));
  }

  /** Delivers a message that must be delivered now; with `again`, also one that may be delivered again. */
  deliverDue(pick: number, instance: number, again: boolean): void {
    const due = this.messages.filter((message) => message.due && (again || message.open));
    this.deliver(choose(due, pick), instance);
  }

  deliver(message: Message | undefined, pick: number): void {
    const instance = choose(this.#all, pick);
    if (!message || !instance || instance.deliveries.has(message)) return;
    const { settle, concluded } = this.#options;
    const { event } = message;
    message.begin();
    instance.deliveries.add(message);
    const ticket = instance.queue.enqueue({
      event,
      key: `${event.projectKey}/${event.resource?.id}`,
      coalesceKey: String(event.deletion),
      newer: (one, other) => ((other.version ?? 0) > (one.version ?? 0) ? other : one),
      settle,
      run: (newest) => this.#run(instance, newest),
    });
    void ticket.outcome.then((outcome) => {
      instance.deliveries.delete(message);
      message.end(concluded(event, outcome));
    });
  }

  /** Runs the operations of one instance only, for a number of steps or until it has no delivery; the others wait. */
  async runOn(pick: number, count: number): Promise<void> {
    const instance = choose(this.#all, pick);
    for (let step = 0; instance && step < count && instance.deliveries.size > 0; step += 1) {
      this.steps.goOnOf(instance);
      await settled();
    }
  }

  /** Kills the instance: its operations never end, and another instance replaces it. */
  async crash(pick: number): Promise<void> {
    const index = pick % this.#all.length;
    const crashed = this.#all[index];
    if (!crashed) return;
    this.steps.forget(crashed);
    for (const message of crashed.deliveries) message.end(false);
    this.#all[index] = await this.#startOne();
  }

  /** Delivers until every message is acknowledged; returns a fault if that does not happen. */
  async finish(rest: readonly number[]): Promise<string[]> {
    const { clock } = this.#options;
    let step = 0;
    const next = () => {
      step += 1;
      return rest[step % rest.length] ?? 0;
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      // In addition to the deliveries in flight.
      const left = this.messages.filter(({ open }) => open);
      clock.now = Math.max(clock.now, ...left.map(({ notBefore }) => notBefore));
      for (const message of left) this.deliver(message, next() + round);
      await settled();
      if (this.steps.waiting === 0 && left.length === 0) return [];
      while (this.steps.waiting > 0) {
        await this.runOn(next(), next() % 9);
        this.steps.goOn(next());
        await settled();
      }
    }
    return [`not every message is acknowledged after ${ROUNDS} redeliveries`];
  }

  async #startOne(): Promise<Instance> {
    this.#started += 1;
    return {
      queue: new EventQueue({ limit: 1_000, longestWaitMilliseconds: Infinity }),
      handle: await this.#options.handlerOf(this.#started),
      deliveries: new Set(),
    };
  }

  async #run(instance: Instance, event: Event): Promise<Outcome> {
    try {
      return await this.#options.run(instance, event);
    } catch (error) {
      const outcome = outcomeOf(error);
      this.#options.thrown(outcome, error);
      return outcome;
    }
  }
}

function choose<Each>(from: readonly Each[], pick: number): Each | undefined {
  return from[pick % Math.max(1, from.length)];
}
