import type { Commercetools, CommercetoolsClient } from '../commercetools/commercetools.ts';
import type { Fluent, WriteOptions } from '../fluent/fluent.ts';
import type { Project } from '../handler.ts';

/** A project whose client is not bound to a run. */
export interface OpenProject extends Project {
  readonly commercetools: CommercetoolsClient;
}

/**
 * The Fluent client of one run. After the run's signal has aborted no write or other request is sent, unless the handler
 * passes its own signal. So even a handler that ignores its signal writes nothing after its push was answered.
 */
export class BoundFluent implements Fluent {
  readonly #fluent: Fluent;
  readonly #defaults: WriteOptions;

  constructor(fluent: Fluent, signal: AbortSignal) {
    this.#fluent = fluent;
    this.#defaults = { signal };
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

  /** `signal: undefined` is a choice too: such a write is sent at any time. */
  #bound(options: WriteOptions | undefined): WriteOptions {
    return options && 'signal' in options ? options : { ...options, ...this.#defaults };
  }
}

/** The commercetools client of one run. After the run's signal has aborted, `api` sends only reads. */
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

  // Created on demand: the shipped handler does not use it.
  get api(): Commercetools['api'] {
    return this.#client.apiUntil(this.#signal);
  }
}

/** The projects, with clients bound to a run. */
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
