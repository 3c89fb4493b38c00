import { setImmediate as settled } from 'node:timers/promises';
import { EventQueue } from '../../src/event-queue.ts';
import {
  type Commercetools,
  Conflict,
  type Context,
  type CreateCustomerInput,
  type Event,
  Failure,
  type Fluent,
  type FluentCustomer,
  type Handle,
  NotThere,
  type Outcome,
  type UpdateCustomerInput,
} from '../../src/handler.ts';
import { createLog } from '../../src/log.ts';
import { outcomeOf } from '../../src/outcome.ts';
import { outcomeFor } from '../../src/receive.ts';
import type { Contention, Happening } from './contention-actions.ts';
import { People, type Person, PROJECTS, type ProjectKey } from './people.ts';
import { Steps } from './steps.ts';
import { Message } from './subscription.ts';
import { merge } from './upstreams.ts';

type Clients = Pick<Context, 'commercetools' | 'fluent' | 'projects'> & { readonly event: Event };

/** Replaces the clients or the event of a run, for a test of the test. */
export type Break = (clients: Clients) => Clients;

export interface ContentionOptions {
  /** Makes the ids of this history its own. */
  readonly prefix: string;
  handlerOf(nth: number): Promise<Handle>;
  readonly breakWith?: Break;
  /** Milliseconds; what handlers and queues take for the time. */
  readonly clock: { now: number };
}

/** What a history leaves behind. */
export interface Rest {
  readonly people: readonly Person[];
  /** Fluent's customers by username. */
  readonly fluent: ReadonlyMap<string, FluentCustomer>;
  /** The customers that were told that another has their username, as `<id> <username>`. */
  readonly rejected: ReadonlySet<string>;
  /** The usernames that a customer has moved away from. */
  readonly moved: ReadonlySet<string>;
  readonly violations: readonly string[];
}

interface Instance {
  readonly queue: EventQueue<Event>;
  readonly handle: Handle;
  readonly deliveries: Set<Message>;
}

const ROUNDS = 200;
const log = createLog('silent');
const signal = new AbortController().signal;

/** Plays a history of customers that contend for usernames, over two projects that feed one Fluent account. */
export async function contend(history: Contention, options: ContentionOptions): Promise<Rest> {
  const { clock, handlerOf, breakWith = (clients: Clients) => clients } = options;
  const steps = new Steps();
  const people = new People(options.prefix, history.isUnique, publish);
  /** Each username's customer after each write, the oldest first. */
  const writes = new Map<string, FluentCustomer[]>();
  const rejected = new Set<string>();
  const violations: string[] = [];
  const messages: Message[] = [];
  const instances: Instance[] = [];
  let started = 0;
  let lagging = true;
  let draws = 0;
  for (let index = 0; index < history.instances; index += 1) instances.push(await start());
  for (const action of history.actions) {
    await perform(action);
    await settled();
  }
  await finish();
  const fluent = new Map([...writes].flatMap(([name, all]) => all.slice(-1).map((last) => [name, last])));
  return { people: people.all, fluent, rejected, moved: people.moved, violations };

  async function start(): Promise<Instance> {
    started += 1;
    return {
      queue: new EventQueue({ limit: 1_000, longestWaitMilliseconds: Infinity }),
      handle: await handlerOf(started),
      deliveries: new Set(),
    };
  }

  function publish({ project, id, states }: Person): void {
    const state = states.at(-1);
    if (!state) return;
    const event: Event = {
      identity: `customer/${id}@${state.version}`,
      kind: state.gone ? 'ResourceDeleted' : 'ResourceUpdated',
      projectKey: project,
      resource: { typeId: 'customer', id, identifiers: { key: state.key } },
      version: state.version,
      deletion: state.gone,
    };
    messages.push(new Message(event, clock));
  }

  /** How far behind the next read is, by the history; nothing is once it comes to its end. */
  function lag(): number {
    draws += 1;
    return lagging ? (history.lags[draws % history.lags.length] ?? 0) : 0;
  }

  async function perform(action: Happening): Promise<void> {
    switch (action.kind) {
      case 'go-on':
        return steps.goOn(action.pick);
      case 'run-on':
        return runOn(action.instance, action.steps);
      case 'fault':
        return steps.fail(action.pick, new Failure('fault', 'The model wants it so.'));
      case 'create':
        return people.create(action.project, action.key);
      case 'change':
        return people.change(action.pick, action.firstName, action.companyName);
      case 'move':
        return people.move(action.pick, action.key);
      case 'delete':
        return people.delete(action.pick);
      case 'wait':
        clock.now += action.seconds * 1000;
        return;
      case 'deliver': {
        const due = messages.filter((one) => one.due && (action.again || one.open));
        return deliver(choose(due, action.pick), action.instance);
      }
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
      lane: `${event.projectKey}/${event.resource?.id}`,
      share: String(event.deletion),
      newer: (one, other) => ((other.version ?? 0) > (one.version ?? 0) ? other : one),
      // A deletion has no version to be held to.
      settle: (one, outcome) => (one.deletion ? outcome : outcomeFor(one, outcome)),
      run: (newest) => run(instance, newest),
    });
    if ('busy' in ticket) throw new Error(`Expected a queue that takes every event, got ${ticket.busy}.`);
    void ticket.outcome.then(({ kind, reason }) => {
      instance.deliveries.delete(message);
      if (kind === 'rejected') rejected.add(`${event.resource?.id} ${people.keyOf(event.resource?.id)}`);
      if (kind === 'rejected' && reason !== 'username-taken') violations.push(`rejected: ${reason}`);
      message.end(kind !== 'failed');
    });
  }

  async function run(instance: Instance, event: Event): Promise<Outcome> {
    try {
      const projects = new Map(PROJECTS.map((project) => [project, projectOf(instance, project)]));
      const own = projects.get(event.projectKey === 'two' ? 'two' : 'one');
      if (!own) throw new Error('Expected the project of an event.');
      const { event: given, ...clients } = breakWith({
        event,
        commercetools: own.commercetools,
        fluent: fluentFor(instance),
        projects,
      });
      return await instance.handle(given, { ...clients, account: own.account, log, signal });
    } catch (error) {
      const outcome = outcomeOf(error);
      if (outcome.reason === 'unknown-error') violations.push(String(error));
      return outcome;
    }
  }

  function projectOf(instance: Instance, projectKey: ProjectKey) {
    const byId = (id: string) => steps.operation(instance, () => people.read(projectKey, id));
    const commercetools: Commercetools = {
      async readCustomer(id, { atLeast = 0 } = {}) {
        const queried = await steps.operation(instance, () => people.read(projectKey, id, lag()));
        return queried && queried.version >= atLeast ? queried : byId(id);
      },
      readCustomerById: byId,
      readVersion: async (id) => (await byId(id))?.version,
      get api(): never {
        throw new Error('The model has no request builder.');
      },
    };
    return { account: { projectKey, retailerId: '1' }, commercetools };
  }

  function fluentFor(instance: Instance): Fluent {
    const held = (name: string, back = 0) => writes.get(name)?.at(-1 - back);
    const write = (input: UpdateCustomerInput, kind: 'create' | 'update') =>
      steps.operation(instance, () => {
        const before = held(input.username);
        if (kind === 'create' && before) throw new Conflict();
        if (kind === 'update' && !before) throw new NotThere();
        const after = merge(before, input);
        writes.set(input.username, [...(writes.get(input.username) ?? []), after]);
        return after;
      });
    return {
      findCustomer: (name) => steps.operation(instance, () => held(name, lag())),
      createCustomer: (input: CreateCustomerInput) => write(input, 'create'),
      updateCustomer: (input) => write(input, 'update'),
      request: () => Promise.reject(new Error('The model answers no other request.')),
    };
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
    lagging = false;
    let step = 0;
    const next = () => {
      step += 1;
      return history.rest[step % history.rest.length] ?? 0;
    };
    for (let round = 0; round < ROUNDS; round += 1) {
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
    violations.push(`not every message is acknowledged after ${ROUNDS} redeliveries`);
  }
}

function choose<Each>(from: readonly Each[], pick: number): Each | undefined {
  return from[pick % Math.max(1, from.length)];
}
