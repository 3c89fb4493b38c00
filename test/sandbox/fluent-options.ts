import type { GraphQLSchema } from 'graphql';
import type { CustomerInput, StoredCustomer } from './fluent-customers.ts';
import type { Fault, Faults } from './fluent-faults.ts';
import type { LookUpKind } from './fluent-graphql.ts';
import type { Requests, Writes } from './fluent-records.ts';
import type { SchemaVariant } from './fluent-schema.ts';
import type { FluentCredentials } from './fluent-tokens.ts';

/** The options of the stand-in; plain data except for `random` and `now`. */
export interface FluentOptions {
  /** 0 (a free port) if undefined. */
  readonly port?: number;
  readonly credentials?: FluentCredentials;
  /** If set, a token is issued only to requests with this value in the header `fluent.account`. */
  readonly account?: string;
  /** The lifetime of tokens, also in their response; default one day. */
  readonly tokenLifetimeSeconds?: number;
  /** The refusal of a request without a valid token: HTTP 401, or S0040E in an HTTP 200. */
  readonly unauthorised?: 'http' | 'graphql';
  /** A request with more aliases than this is refused with C0001E; unlimited if undefined. */
  readonly maximumOperations?: number;
  /** Puts error codes into the message only, not into the extensions. */
  readonly codeInMessage?: boolean;
  readonly faults?: readonly Fault[];
  /** The current schema if undefined. */
  readonly schema?: SchemaVariant;
  /** The number of requests and writes that are kept. */
  readonly remembered?: number;
  /** Returns numbers from 0 to 1, for faults with a probability; seed it to repeat a run. */
  readonly random?: () => number;
  /** Returns milliseconds, for the expiry of tokens. */
  readonly now?: () => number;
}

/** A running stand-in, with access to its state. */
export interface FluentSandbox {
  readonly url: string;
  readonly credentials: FluentCredentials;
  /** By username. The values are immutable. */
  readonly customers: Map<string, StoredCustomer>;
  readonly requests: Requests;
  readonly writes: Writes;
  readonly faults: Faults;
  readonly schema: GraphQLSchema;
  /** Adds customers without checking or counting them; an existing one is updated. */
  seed(...customers: CustomerInput[]): void;
  revokeTokens(): void;
  /** Replaces the account's schema. */
  changeSchema(variant: SchemaVariant): Promise<void>;
  /** The next `count` requests with queries read the state as it is now. */
  staleLookups(count: number): void;
  /**
   * Answers look-ups of a kind by replicas with these lags in milliseconds, chosen at random for each look-up; `{}` ends it.
   */
  replicate(lags: Readonly<Partial<Record<LookUpKind, readonly number[]>>>, random?: () => number): void;
  /** Stops the server and closes every connection, including pending requests. */
  close(): Promise<void>;
}
