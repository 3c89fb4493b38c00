import type { Commercetools, Context, Customer, Fluent, FluentCustomer, Preview } from '../../src/handler.ts';
import { createLog } from '../../src/observe/log.ts';
import { createRouter } from '../../src/router/router.ts';
import { configure, type Project } from './configuration.ts';
import { sampleEvent } from './samples.ts';

const NOWHERE = 'http://127.0.0.1:9';
const PROJECT = 'sample-project';
const CREDENTIALS = { clientId: 'sample', clientSecret: 'sample', username: 'sample', password: 'sample' };

/** The state of a customer, and the configuration for its preview. */
export interface Situation extends Project {
  /** The customer in commercetools. */
  readonly customer: Customer;
  /** The customer in Fluent; undefined if it does not exist. */
  readonly inFluent?: FluentCustomer;
}

/**
 * Returns what the customers' route would do, by its mapping and its handler: the fields that differ, and the input. Needs no
 * server, request or write. Throws with the faults of the connector file.
 */
export async function previewCustomer({ customer, inFluent, ...project }: Situation): Promise<Preview> {
  const { environmentFor } = await import('../sandbox/environment.ts');
  const commercetoolsAt = { url: NOWHERE, projectKey: PROJECT, credentials: CREDENTIALS };
  const joined = environmentFor(commercetoolsAt, { url: NOWHERE, credentials: CREDENTIALS });
  const { connector, routes } = await configure(project, joined);
  const event = sampleEvent({ id: customer.id, version: customer.version, projectKey: PROJECT });
  const route = createRouter(routes)(event);
  if (!route?.preview)
    throw new Error(
      `Expected a route that takes ResourceUpdated of customers, and whose handler has createPreview, found ${route ? `${route.handler.source} without it` : 'none'}.`,
    );
  const account = {
    projectKey: connector.accounts[0]?.commercetools.projectKey ?? PROJECT,
    retailerId: connector.accounts[0]?.fluent.retailerId ?? '1',
  };
  const commercetools = commercetoolsWith(customer);
  const context: Context = {
    account,
    commercetools,
    fluent: fluentWith(inFluent),
    projects: new Map([[account.projectKey, { account, commercetools }]]),
    log: createLog('silent'),
    signal: new AbortController().signal,
  };
  return route.preview(event, context);
}

function commercetoolsWith(customer: Customer): Commercetools {
  const read = async (id: string) => (id === customer.id ? customer : undefined);
  return {
    readCustomer: read,
    readCustomerById: read,
    readVersion: async (id) => (await read(id))?.version,
    get api(): never {
      throw new Error('A preview without a server reads one customer only; use startTestKit for all else.');
    },
  };
}

function fluentWith(held: FluentCustomer | undefined): Fluent {
  const refuse = async () => {
    throw new Error('A preview writes nothing.');
  };
  return {
    findCustomer: async (username) => (held?.username === username ? held : undefined),
    createCustomer: refuse,
    updateCustomer: refuse,
    request: refuse,
  };
}
