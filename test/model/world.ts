import { setImmediate as settled } from 'node:timers/promises';
import { type Context, Failure, type Handle } from '../../src/handler.ts';
import { createLog } from '../../src/observe/log.ts';
import type { Action, History } from './actions.ts';
import { Instances } from './instances.ts';
import { type Truth, Upstreams } from './upstreams.ts';

/** Replaces the clients of a run, to test the model itself. */
export type Break = (
  clients: Pick<Context, 'commercetools' | 'fluent'>,
  upstreams: Upstreams,
) => typeof clients;

export interface WorldOptions {
  /** The customer's id, unique for each history, so that a reused handler has no memory of it. */
  readonly id: string;
  /** The handler of the nth instance that is started in this history. */
  handlerOf(nth: number): Promise<Handle>;
  readonly breakWith?: Break;
  /** The time in milliseconds for handlers and queues. */
  readonly clock: { now: number };
}

const log = createLog('silent');
const signal = new AbortController().signal;

/** Plays a history with the real handler and the real event queue, then delivers until every message is acknowledged. */
export async function play(history: History, options: WorldOptions): Promise<Upstreams> {
  const { clock, id, handlerOf, breakWith = (clients) => clients } = options;
  const upstreams = new Upstreams(id);
  const account = { projectKey: 'model', retailerId: '1' };
  const instances = new Instances({
    clock,
    handlerOf,
    run(instance, event) {
      const clients = breakWith(upstreams.clientsFor(instance, instances.steps), upstreams);
      const projects = new Map([['model', { account, commercetools: clients.commercetools }]]);
      return instance.handle(event, { ...clients, account, projects, log, signal });
    },
    thrown({ kind, reason }, error) {
      // An error in the model must not be treated as a failure of an upstream.
      if (kind === 'rejected' || reason === 'unknown-error')
        upstreams.violations.push(`${reason}: ${String(error)}`);
    },
    settle: (_, outcome) => outcome,
    concluded: (_, { kind }) => kind === 'done' || kind === 'ignored',
  });
  const { steps } = instances;
  await instances.start(history.instances);
  publish(upstreams.truth);

  if (history.synced) {
    instances.deliver(instances.messages[0], 0);
    await settled();
    await instances.runOn(0, Infinity);
  }
  for (const [index, action] of history.actions.entries()) {
    if (index === history.deletedAt) change({ ...upstreams.truth, gone: true });
    await perform(action);
    await settled();
  }
  upstreams.violations.push(...(await instances.finish(history.rest)));
  return upstreams;

  function publish({ version, gone }: Truth): void {
    instances.publish({
      identity: `customer/${id}@${version}`,
      kind: gone ? 'ResourceDeleted' : 'ResourceUpdated',
      resource: { typeId: 'customer', id, identifiers: {} },
      version,
      deletion: gone,
    });
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
        return instances.runOn(action.instance, action.steps);
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
        return instances.deliverDue(action.pick, action.instance, false);
      case 'deliver-again':
        return instances.deliverDue(action.pick, action.instance, true);
      case 'crash':
        return instances.crash(action.instance);
    }
  }
}
