import type { Customer } from '@commercetools/platform-sdk';
import type { Test } from 'tap';
import type { z } from 'zod';
import { createHandle } from '../../../handlers/customer-upsert/handle.ts';
import { DEFAULT_MAPPING, type Mapping } from '../../../handlers/customer-upsert/mapping/mapping.ts';
import { Props } from '../../../handlers/customer-upsert/props.ts';
import { type OpenAccount, openAccounts } from '../../../src/engine/accounts.ts';
import type { Context, Event, FluentCustomer, Outcome } from '../../../src/handler.ts';
import { createLog } from '../../../src/observe/log.ts';
import { outcomeOf } from '../../../src/outcome.ts';
import { type CommercetoolsSandbox, startCommercetools } from '../../sandbox/commercetools.ts';
import { type FluentOptions, type FluentSandbox, startFluent } from '../../sandbox/fluent.ts';

export interface InstanceOptions {
  readonly mapping?: Partial<z.input<typeof Mapping>>;
  readonly onDelete?: 'ignore' | 'anonymise';
  readonly memorySeconds?: number;
  /** The projects in the instance's configuration; default: all. */
  readonly configured?: readonly string[];
  /** Replaces functions of the real clients, to change something at the moment of a call. */
  readonly over?: (account: OpenAccount) => Partial<Context>;
}

/** An instance of the handler, with its own clients and memory. */
export interface Instance {
  /** Handles an event like the engine: errors become outcomes. */
  handle(event: Event, signal?: AbortSignal): Promise<Outcome>;
  readonly lines: Record<string, unknown>[];
  /** The milliseconds that it would have waited. */
  readonly pauses: number[];
  readonly account: OpenAccount;
}

/** Both stand-ins, and any number of instances that use them. */
export interface Sandbox {
  readonly commercetools: CommercetoolsSandbox;
  readonly fluent: FluentSandbox;
  /** The number of requests to both stand-ins, including those for tokens. */
  readonly requests: () => number;
  instance(options?: InstanceOptions): Promise<Instance>;
}

/** Starts both stand-ins; everything is closed with the test. */
export async function startSandbox(
  t: Test,
  options: FluentOptions = {},
  projectKeys: readonly [string, ...string[]] = ['sandbox-project'],
): Promise<Sandbox> {
  const commercetools = await startCommercetools({ projectKeys });
  const fluent = await startFluent(options);
  const accounts: OpenAccount[] = [];
  t.teardown(async () => {
    await Promise.all(accounts.flatMap(({ upstreams }) => upstreams.map((upstream) => upstream.close())));
    await Promise.all([commercetools.close(), fluent.close()]);
  });
  return {
    commercetools,
    fluent,
    requests() {
      const { token, query, mutation } = fluent.requests;
      const requests = Object.values(commercetools.requests).reduce((sum, count) => sum + count, 0);
      return requests + token.requests + query.requests + mutation.requests;
    },
    async instance({ mapping, onDelete = 'ignore', memorySeconds = 0, over = () => ({}), configured } = {}) {
      const lines: Record<string, unknown>[] = [];
      const log = createLog('debug', { write: (line) => lines.push(JSON.parse(line)) });
      const opened = openAccounts(
        (configured ?? projectKeys).map((projectKey) => ({
          commercetools: {
            ...commercetools.credentials,
            projectKey,
            authUrl: commercetools.url,
            apiUrl: commercetools.url,
          },
          fluent: { ...fluent.credentials, apiUrl: fluent.url, retailerId: '7' },
        })),
        {
          commercetoolsConcurrency: 10,
          fluentConcurrency: 10,
          fluentBatch: 10,
          requestMilliseconds: 60_000,
          budgetMilliseconds: 120_000,
          log,
          onCredentials: () => {},
        },
      );
      accounts.push(...opened);
      const [account] = opened;
      if (!account) throw new Error('Expected an account at least.');
      const props = Props.parse({ onDelete, mapping: { ...DEFAULT_MAPPING, ...mapping } });
      const pauses: number[] = [];
      const handle = createHandle(props, { duplicateMemorySeconds: memorySeconds }, async (milliseconds) =>
        pauses.push(milliseconds),
      );
      const never = new AbortController().signal;
      return {
        lines,
        pauses,
        account,
        async handle(event, signal = never) {
          try {
            const own = opened.find((each) => each.account.projectKey === event.projectKey) ?? account;
            return await handle(event, { ...own, log, signal, ...over(own) });
          } catch (error) {
            return outcomeOf(error);
          }
        },
      };
    },
  };
}

type Changed = Pick<Customer, 'id' | 'version' | 'key' | 'customerNumber'>;

/** The event of a change; `changes` override its fields. */
export function changed({ id, version, key, customerNumber }: Changed, changes: Partial<Event> = {}): Event {
  return {
    identity: `customer/${id}@${version}`,
    kind: 'ResourceUpdated',
    resource: {
      typeId: 'customer',
      id,
      identifiers: { ...(key && { key }), ...(customerNumber && { customerNumber }) },
    },
    version,
    deletion: false,
    ...changes,
  };
}

export function deleted(customer: Changed): Event {
  return changed(customer, { kind: 'ResourceDeleted', deletion: true });
}

/** For `over`: calls `act` just before each of the first writes is sent; the first write is 1. */
export function beforeWrites(count: number, act: (write: number) => Promise<unknown>) {
  let writes = 0;
  async function next(): Promise<void> {
    writes += 1;
    if (writes <= count) await act(writes);
  }
  return ({ fluent }: OpenAccount): Partial<Context> => ({
    fluent: {
      ...fluent,
      async createCustomer(...given) {
        await next();
        return fluent.createCustomer(...given);
      },
      async updateCustomer(...given) {
        await next();
        return fluent.updateCustomer(...given);
      },
    },
  });
}

/** The customer of a stand-in, with its attributes by name. */
export function heldBy(fluent: FluentSandbox, username: string) {
  const customer = fluent.customers.get(username);
  return customer && { ...customer, attributes: attributesOf(customer) };
}

function attributesOf({
  attributes,
}: Pick<FluentCustomer, 'attributes'> | { attributes: readonly { name: string; value: unknown }[] }) {
  return Object.fromEntries((attributes ?? []).map(({ name, value }) => [name, value]));
}
