import { setImmediate as settled } from 'node:timers/promises';
import { outcomeFor } from '../../src/engine/run.ts';
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
  type UpdateCustomerInput,
} from '../../src/handler.ts';
import { createLog } from '../../src/observe/log.ts';
import type { Contention, Happening } from './contention-actions.ts';
import { type Instance, Instances } from './instances.ts';
import { People, type Person, PROJECTS, type ProjectKey } from './people.ts';
import { merge } from './upstreams.ts';

type Clients = Pick<Context, 'commercetools' | 'fluent' | 'projects'> & { readonly event: Event };

/** Replaces the clients or the event of a run, to test the model itself. */
export type Break = (clients: Clients) => Clients;

export interface ContentionOptions {
  /** Makes the ids of this history unique. */
  readonly prefix: string;
  handlerOf(nth: number): Promise<Handle>;
  readonly breakWith?: Break;
  /** The time in milliseconds for handlers and queues. */
  readonly clock: { now: number };
}

/** The state at the end of a history. */
export interface Rest {
  readonly people: readonly Person[];
  /** Fluent's customers by username. */
  readonly fluent: ReadonlyMap<string, FluentCustomer>;
  /** The customers that were rejected because another one has their username, as `<id> <username>`. */
  readonly rejected: ReadonlySet<string>;
  /** The usernames that a customer had before a change. */
  readonly moved: ReadonlySet<string>;
  readonly violations: readonly string[];
}

const log = createLog('silent');
const signal = new AbortController().signal;

/** Plays a history of customers that contend for usernames, over two projects that feed one Fluent account. */
export async function contend(history: Contention, options: ContentionOptions): Promise<Rest> {
  const { clock, handlerOf, breakWith = (clients: Clients) => clients } = options;
  const people = new People(options.prefix, history.isUnique, publish);
  /** Each username's customer after each write, the oldest first. */
  const writes = new Map<string, FluentCustomer[]>();
  const rejected = new Set<string>();
  const violations: string[] = [];
  const instances = new Instances({
    clock,
    handlerOf,
    run,
    thrown({ reason }, error) {
      if (reason === 'unknown-error') violations.push(String(error));
    },
    // A deletion does not require a version.
    settle: (event, outcome) => (event.deletion ? outcome : outcomeFor(event, outcome)),
    concluded({ resource }, { kind, reason }) {
      if (kind === 'rejected') rejected.add(`${resource?.id} ${people.keyOf(resource?.id)}`);
      if (kind === 'rejected' && reason !== 'username-taken') violations.push(`rejected: ${reason}`);
      return kind !== 'failed';
    },
  });
  const { steps } = instances;
  let lagging = true;
  let draws = 0;
  await instances.start(history.instances);
  for (const action of history.actions) {
    await perform(action);
    await settled();
  }
  lagging = false;
  violations.push(...(await instances.finish(history.rest)));
  const fluent = new Map([...writes].flatMap(([name, all]) => all.slice(-1).map((last) => [name, last])));
  return { people: people.all, fluent, rejected, moved: people.moved, violations };

  function publish({ project, id, states }: Person): void {
    const state = states.at(-1);
    if (!state) return;
    instances.publish({
      identity: `customer/${id}@${state.version}`,
      kind: state.gone ? 'ResourceDeleted' : 'ResourceUpdated',
      projectKey: project,
      resource: { typeId: 'customer', id, identifiers: { key: state.key } },
      version: state.version,
      deletion: state.gone,
    });
  }

  /** The lag of the next read; 0 during the completion of the history. */
  function lag(): number {
    draws += 1;
    return lagging ? (history.lags[draws % history.lags.length] ?? 0) : 0;
  }

  async function perform(action: Happening): Promise<void> {
    switch (action.kind) {
      case 'go-on':
        return steps.goOn(action.pick);
      case 'run-on':
        return instances.runOn(action.instance, action.steps);
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
      case 'deliver':
        return instances.deliverDue(action.pick, action.instance, action.again);
      case 'crash':
        return instances.crash(action.instance);
    }
  }

  async function run(instance: Instance, event: Event) {
    const projects = new Map(PROJECTS.map((project) => [project, projectOf(instance, project)]));
    const own = projects.get(event.projectKey === 'two' ? 'two' : 'one');
    if (!own) throw new Error('Expected the project of an event.');
    const { event: given, ...clients } = breakWith({
      event,
      commercetools: own.commercetools,
      fluent: fluentFor(instance),
      projects,
    });
    return instance.handle(given, { ...clients, account: own.account, log, signal });
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
}
