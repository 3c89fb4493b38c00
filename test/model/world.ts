import { setImmediate as settled } from 'node:timers/promises';
import { EventQueue } from '../../src/event-queue.ts';
import { type Context, type Event, Failure, type Handle, type Outcome } from '../../src/handler.ts';
import { createLog } from '../../src/log.ts';
import { outcomeOf } from '../../src/outcome.ts';
import type { Action, History } from './actions.ts';
import { Steps } from './steps.ts';
import { Message } from './subscription.ts';
import { type Truth, Upstreams } from './upstreams.ts';

/** Replaces the clients of a run, for a test of the test. */
export type Break = (
  clients: Pick<Context, 'commercetools' | 'fluent'>,
  upstreams: Upstreams,
) => typeof clients;

export interface WorldOptions {
  /** The customer's id, another for each history: a handler that has been in one before then knows nothing of it. */
  readonly id: string;
  /** The handler of the instance that is the n-th to be started in this history. */
  handlerOf(nth: number): Promise<Handle>;
  readonly breakWith?: Break;
  /** Milliseconds; what handlers and queues take for the time. */
  readonly clock: { now: number };
}

const ROUNDS = 200;

interface Instance {
  readonly queue: EventQueue<Event>;
  readonly handle: Handle;
  readonly deliveries: Set<Message>;
}

const log = createLog('silent');
const signal = new AbortController().signal;

/** Plays a history with the real handler and the real event queue, then delivers until every message is acknowledged. */
export async function play(history: History, options: WorldOptions): Promise<Upstreams> {
  const { clock, id, handlerOf, breakWith = (clients) => clients } = options;
  const steps = new Steps();
  const upstreams = new Upstreams(id);
  const messages: Message[] = [];
  const instances: Instance[] = [];
  let started = 0;
  for (let index = 0; index < history.instances; index += 1) instances.push(await start());
  publish(upstreams.truth);

  if (history.synced) {
    deliver(messages[0], 0);
    await settled();
    await runOn(0, Infinity);
  }
  for (const [index, action] of history.actions.entries()) {
    if (index === history.deletedAt) change({ ...upstreams.truth, gone: true });
    await perform(action);
    await settled();
  }
  await finish();
  return upstreams;

  async function start(): Promise<Instance> {
    started += 1;
    return {
      queue: new EventQueue({ limit: 1_000, longestWaitMilliseconds: Infinity }),
      handle: await handlerOf(started),
      deliveries: new Set(),
    };
  }

  function publish({ version, gone }: Truth): void {
    const event: Event = {
      identity: `customer/${id}@${version}`,
      kind: gone ? 'ResourceDeleted' : 'ResourceUpdated',
      resource: { typeId: 'customer', id, identifiers: {} },
      version,
      deletion: gone,
    };
    messages.push(new Message(event, clock));
  }

  function change(truth: Truth): void {
    if (upstreams.truth.gone) return;
    upstreams.truth = truth;
    publish(truth);
  }

  async function perform(action: Action): Promise<void> {
    switch (action.kind) {
      case 'go-on':
        return steps.goOn(action.pick);
      case 'run-on':
        return runOn(action.instance, action.steps);
      case 'fault':
        return steps.fail(action.pick, new Failure('fault', 'The model wants it so.'));
      case 'change': {
        const { version, gone } = upstreams.truth;
        return change({ ...action.person, gone, version: version + action.jump });
      }
      case 'wait':
        clock.now += action.seconds * 1000;
        return;
      case 'deliver':
        return deliver(
          choose(
            messages.filter(({ due, open }) => due && open),
            action.pick,
          ),
          action.instance,
        );
      case 'deliver-again':
        return deliver(
          choose(
            messages.filter(({ due }) => due),
            action.pick,
          ),
          action.instance,
        );
      case 'crash':
        return crash(action.instance % instances.length);
    }
  }

  function deliver(message: Message | undefined, pick: number): void {
    const instance = choose(instances, pick);
    if (!message || !instance || instance.deliveries.has(message)) return;
    message.begin();
    instance.deliveries.add(message);
    const { event } = message;
    const ticket = instance.queue.enqueue({
      event,
      lane: id,
      share: String(event.deletion),
      newer: (one, other) => ((other.version ?? 0) > (one.version ?? 0) ? other : one),
      run: (newest) => run(instance, newest),
    });
    if ('busy' in ticket) throw new Error(`Expected a queue that takes every event, got ${ticket.busy}.`);
    void ticket.outcome.then(({ kind }) => {
      instance.deliveries.delete(message);
      message.end(kind === 'done' || kind === 'ignored');
    });
  }

  async function run(instance: Instance, event: Event): Promise<Outcome> {
    const account = { projectKey: 'model', retailerId: '1' };
    try {
      const clients = breakWith(upstreams.clientsFor(instance, steps), upstreams);
      const projects = new Map([['model', { account, commercetools: clients.commercetools }]]);
      return await instance.handle(event, { ...clients, account, projects, log, signal });
    } catch (error) {
      const outcome = outcomeOf(error);
      // A fault of the model itself must not pass for one of an upstream.
      if (outcome.kind === 'rejected' || outcome.reason === 'unknown-error')
        upstreams.violations.push(`${outcome.reason}: ${String(error)}`);
      return outcome;
    }
  }

  async function runOn(pick: number, count: number): Promise<void> {
    const instance = choose(instances, pick);
    for (let step = 0; instance && step < count && instance.deliveries.size > 0; step += 1) {
      steps.goOnOf(instance);
      await settled();
    }
  }

  async function crash(index: number): Promise<void> {
    const crashed = instances[index];
    if (!crashed) return;
    steps.forget(crashed);
    for (const message of crashed.deliveries) message.end(false);
    instances[index] = await start();
  }

  async function finish(): Promise<void> {
    let step = 0;
    const next = () => {
      step += 1;
      return history.rest[step % history.rest.length] ?? 0;
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      // Beside what is under way still.
      const left = messages.filter(({ open }) => open);
      clock.now = Math.max(clock.now, ...left.map(({ notBefore }) => notBefore));
      for (const message of left) deliver(message, next() + round);
      await settled();
      if (steps.waiting === 0 && left.length === 0) return;
      while (steps.waiting > 0) {
        await runOn(next(), next() % 9);
        steps.goOn(next());
        await settled();
      }
    }
    upstreams.violations.push(`not every message is acknowledged after ${ROUNDS} redeliveries`);
  }
}

function choose<Each>(from: readonly Each[], pick: number): Each | undefined {
  return from[pick % Math.max(1, from.length)];
}
