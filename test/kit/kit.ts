import { openEngine } from '../../src/engine/engine.ts';
import { decode, isSubscriptionTest } from '../../src/notification/decode.ts';
import { createLog } from '../../src/observe/log.ts';
import { type Outcome, outcomeOf } from '../../src/outcome.ts';
import type { CommercetoolsSandbox } from '../sandbox/commercetools.ts';
import type { FluentSandbox, StoredCustomer } from '../sandbox/fluent.ts';
import { configure, type Project } from './configuration.ts';
import { realSystemOf } from './real-systems.ts';
import { startStandIns } from './stand-ins.ts';

/** A customer in Fluent, with its attributes by name. */
export interface HeldCustomer extends Omit<StoredCustomer, 'attributes'> {
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** The real engine with stand-ins for commercetools and Fluent. Close it at the end of the test. */
export interface TestKit {
  /** Creates customers and orders, and activates faults. */
  readonly commercetools: CommercetoolsSandbox;
  /** Contains the customers in Fluent and counts of requests, and activates faults. */
  readonly fluent: FluentSandbox;
  /** The published notifications so far, in order. */
  readonly notifications: readonly Readonly<Record<string, unknown>>[];
  /** Every log line so far, parsed. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** Processes a notification (default: the last one): decodes it, routes it and runs the handler; returns the outcome. */
  send(notification?: unknown): Promise<Outcome>;
  /** The Fluent customer with this username, or undefined. */
  inFluent(username: string): HeldCustomer | undefined;
  close(): Promise<void>;
}

/** Starts the stand-ins and the engine, with the routes of the connector file and your handlers. */
export async function startTestKit(project: Project = {}): Promise<TestKit> {
  const notifications: Readonly<Record<string, unknown>>[] = [];
  const standIns = await startStandIns({ onNotification: (payload) => notifications.push(payload) });
  try {
    const configuration = await configure(project, standIns.env);
    const { connectorConfig } = configuration.environment;
    const real = realSystemOf(connectorConfig, configuration.connector.accounts, standIns);
    if (real !== undefined) throw new Error(real);
    const lines: Readonly<Record<string, unknown>>[] = [];
    const log = createLog('debug', { write: (line) => lines.push(JSON.parse(line)) });
    const engine = openEngine(configuration, log);
    const { commercetools, fluent } = standIns;

    async function handle(notification: unknown): Promise<Outcome> {
      if (notification === undefined)
        throw new Error('Expected a notification to send, found none published yet.');
      try {
        const event = decode({ attributes: {}, data: Buffer.from(JSON.stringify(notification)) });
        if (isSubscriptionTest(event)) return { kind: 'ignored', reason: 'subscription-test' };
        const route = engine.route(event);
        if (!route) return { kind: 'ignored', reason: 'no-route' };
        return await engine.queue.enqueue(engine.jobFor(event, route)).outcome;
      } catch (error) {
        return outcomeOf(error);
      }
    }

    return {
      commercetools,
      fluent,
      notifications,
      lines,
      send: (notification = notifications.at(-1)) => handle(notification),
      inFluent(username) {
        const held = fluent.customers.get(username);
        if (!held) return undefined;
        const { attributes, ...fields } = held;
        return {
          ...fields,
          attributes: Object.fromEntries(attributes.map(({ name, value }) => [name, value])),
        };
      },
      async close() {
        await engine.close();
        await standIns.close();
      },
    };
  } catch (error) {
    await standIns.close();
    throw error;
  }
}
