import { createCommercetools } from '../commercetools/commercetools.ts';
import { type CommercetoolsCredentials, fetchCommercetoolsToken } from '../commercetools/fetch-token.ts';
import { type FluentCredentials, fetchFluentToken } from '../fluent/fetch-token.ts';
import { createFluent, type FluentClient, type FluentOptions } from '../fluent/fluent.ts';
import { reportBlanks } from '../fluent/report-blanks.ts';
import type { Account } from '../handler.ts';
import type { Log } from '../observe/log.ts';
import type { Observer } from '../observe/observer.ts';
import { Upstream, type UpstreamOptions } from '../upstream/upstream.ts';
import type { AccountContext } from './run.ts';

/** A commercetools project and the Fluent account it feeds, with the credentials of both. */
export interface AccountConfig {
  readonly commercetools: {
    readonly projectKey: string;
    readonly apiUrl: string;
    readonly scopes?: readonly string[];
  } & Omit<CommercetoolsCredentials, 'scopes'>;
  readonly fluent: { readonly retailerId: string } & FluentCredentials;
}

export interface AccountOptions {
  readonly commercetoolsConcurrency: number;
  readonly fluentConcurrency: number;
  readonly fluentBatch: number;
  readonly requestMilliseconds: number;
  readonly budgetMilliseconds: number;
  readonly log: Log;
  readonly observer?: Observer | undefined;
  onCredentials(upstream: string, accepted: boolean): void;
  /** Called with the mismatch between a Fluent account's schema and the writes, and with undefined once they match. */
  onSchema?: FluentOptions['onSchema'];
}

/** An account with its clients, and the upstreams that send their requests. */
export interface OpenAccount extends AccountContext {
  readonly fluent: FluentClient;
  readonly upstreams: readonly Upstream[];
}

/** Customers in one query: their ids fit into a URL of 8,000 characters with some margin. */
const READ_BATCH = 100;
const LOOK_UP_BATCH = 100;

/**
 * Opens all accounts. Those that feed the same Fluent account hold each other in `projects`, because usernames are
 * unique within it.
 */
export function openAccounts(configs: readonly AccountConfig[], options: AccountOptions): OpenAccount[] {
  const opened = configs.map((config) => ({ config, account: connect(config, options) }));
  return opened.map(({ config, account }) => {
    const peers = opened.filter((other) => fluentOf(other.config) === fluentOf(config));
    return {
      ...account,
      projects: new Map(peers.map((peer) => [peer.account.account.projectKey, peer.account])),
    };
  });
}

const fluentOf = ({ fluent }: AccountConfig) => JSON.stringify([fluent.apiUrl, fluent.account ?? '']);

/** Opens one account whose Fluent account no other account feeds. */
export function openAccount(config: AccountConfig, options: AccountOptions): OpenAccount {
  const account = connect(config, options);
  return { ...account, projects: new Map([[account.account.projectKey, account]]) };
}

/** Opens both clients of an account. Accounts that share a Fluent account each have their own concurrency limit. */
function connect(config: AccountConfig, options: AccountOptions): Omit<OpenAccount, 'projects'> {
  const { commercetools, fluent } = config;
  const {
    requestMilliseconds: timeoutMilliseconds,
    budgetMilliseconds,
    log,
    observer,
    onCredentials,
  } = options;
  const common = { timeoutMilliseconds, budgetMilliseconds, log, observer, onCredentials } as const;
  const projectKey = commercetools.projectKey;
  const reading = open(
    `commercetools ${projectKey}`,
    options.commercetoolsConcurrency,
    (name, exchange, signal) =>
      fetchCommercetoolsToken(
        name,
        { ...commercetools, scopes: commercetools.scopes ?? [] },
        exchange,
        signal,
      ),
  );
  const writing = open(
    `Fluent ${fluent.account ?? projectKey}`,
    options.fluentConcurrency,
    (name, exchange, signal) => fetchFluentToken(name, fluent, exchange, signal),
  );
  const account: Account = {
    projectKey,
    retailerId: fluent.retailerId,
    ...(fluent.account && { fluentAccount: fluent.account }),
  };
  // With one mutation in a request, batches are off on both sides.
  const hasBatches = options.fluentBatch > 1;
  return {
    account,
    commercetools: createCommercetools(reading, {
      projectKey,
      apiUrl: commercetools.apiUrl,
      batch: hasBatches ? READ_BATCH : 1,
    }),
    fluent: reportBlanks(
      createFluent(writing, {
        apiUrl: fluent.apiUrl,
        account: fluent.account,
        lookUpBatch: hasBatches ? LOOK_UP_BATCH : 1,
        writeBatch: options.fluentBatch,
        onSchema: options.onSchema ?? (() => {}),
      }),
      (fields) => observer?.blanked(fields),
    ),
    upstreams: [reading, writing],
  };

  type Fetch = (
    name: string,
    ...rest: Parameters<UpstreamOptions['fetchToken']>
  ) => ReturnType<UpstreamOptions['fetchToken']>;

  function open(name: string, concurrency: number, fetchToken: Fetch): Upstream {
    return new Upstream({
      ...common,
      name,
      concurrency,
      fetchToken: (exchange, signal) => fetchToken(name, exchange, signal),
    });
  }
}
