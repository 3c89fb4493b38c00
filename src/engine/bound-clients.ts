import type { Commercetools, CommercetoolsClient } from '../commercetools/commercetools.ts';
import type { Fluent, WriteOptions } from '../fluent/fluent.ts';
import type { Project } from '../handler.ts';

/** A project whose client is not bound to a run. */
export interface OpenProject extends Project {
  readonly commercetools: CommercetoolsClient;
}

/**
 * A run's view of Fluent: a write, or another request, is not started once the run's signal has aborted, unless the handler
 * gives a signal of its own. So a handler that forgets its signal still writes nothing after its push was answered.
 */
export class BoundFluent implements Fluent {
  readonly #fluent: Fluent;
  readonly #own: WriteOptions;

  constructor(fluent: Fluent, signal: AbortSignal) {
    this.#fluent = fluent;
    this.#own = { signal };
  }

  findCustomer(...given: Parameters<Fluent['findCustomer']>): ReturnType<Fluent['findCustomer']> {
    return this.#fluent.findCustomer(...given);
  }

  createCustomer(
    input: Parameters<Fluent['createCustomer']>[0],
    options?: WriteOptions,
  ): ReturnType<Fluent['createCustomer']> {
    return this.#fluent.createCustomer(input, this.#bound(options));
  }

  updateCustomer(
    input: Parameters<Fluent['updateCustomer']>[0],
    options?: WriteOptions,
  ): ReturnType<Fluent['updateCustomer']> {
    return this.#fluent.updateCustomer(input, this.#bound(options));
  }

  request(query: string, variables?: Record<string, unknown>, options?: WriteOptions): Promise<unknown> {
    return this.#fluent.request(query, variables, this.#bound(options));
  }

  /** A `signal` that is given as undefined is a choice too: such a write is sent however late it is. */
  #bound(options: WriteOptions | undefined): WriteOptions {
    return options && 'signal' in options ? options : this.#own;
  }
}

/** A run's view of commercetools: through `api`, only reads are started once the run's signal has aborted. */
export class BoundCommercetools implements Commercetools {
  readonly #client: CommercetoolsClient;
  readonly #signal: AbortSignal;

  constructor(client: CommercetoolsClient, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  readCustomer(
    ...given: Parameters<Commercetools['readCustomer']>
  ): ReturnType<Commercetools['readCustomer']> {
    return this.#client.readCustomer(...given);
  }

  readVersion(id: string): ReturnType<Commercetools['readVersion']> {
    return this.#client.readVersion(id);
  }

  readCustomerById(id: string): ReturnType<Commercetools['readCustomerById']> {
    return this.#client.readCustomerById(id);
  }

  // Made when it is asked for: the shipped handler never does.
  get api(): Commercetools['api'] {
    return this.#client.apiUntil(this.#signal);
  }
}

/** The projects, with the clients of a run. */
export function boundProjects(
  projects: ReadonlyMap<string, OpenProject>,
  signal: AbortSignal,
): ReadonlyMap<string, Project> {
  return new Map(
    Array.from(projects, ([key, { account, commercetools }]) => [
      key,
      { account, commercetools: new BoundCommercetools(commercetools, signal) },
    ]),
  );
}
