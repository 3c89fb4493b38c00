import type { GraphQLSchema } from 'graphql';
import type { CustomerInput, StoredCustomer } from './fluent-customers.ts';
import type { Fault, Faults } from './fluent-faults.ts';
import type { LookUpKind } from './fluent-graphql.ts';
import type { Requests, Writes } from './fluent-records.ts';
import type { SchemaVariant } from './fluent-schema.ts';
import type { FluentCredentials } from './fluent-tokens.ts';

/** How the stand-in starts; plain data but for `random` and `now`. */
export interface FluentOptions {
  /** 0, any free one, when absent. */
  readonly port?: number;
  readonly credentials?: FluentCredentials;
  /** When given, a token is given out only with the header `fluent.account` of this value. */
  readonly account?: string;
  /** How long a token lives and says it lives. A day when absent. */
  readonly tokenLifetimeSeconds?: number;
  /** How a request without a live token is refused: HTTP 401, or S0040E in an HTTP 200. */
  readonly unauthorised?: 'http' | 'graphql';
  /** Above this number of aliases the whole request is refused with C0001E. Unlimited when absent. */
  readonly maximumOperations?: number;
  /** Gives codes in the message of an error and not in its extensions. */
  readonly codeInMessage?: boolean;
  readonly faults?: readonly Fault[];
  /** Today's schema when absent. */
  readonly schema?: SchemaVariant;
  /** How many of the last requests and writes are kept. */
  readonly remembered?: number;
  /** From 0 to 1, for faults with a probability: seed it to repeat a run. */
  readonly random?: () => number;
  /** Milliseconds, for the expiry of tokens. */
  readonly now?: () => number;
}

/** A running stand-in, with a direct look into its state. */
export interface FluentSandbox {
  readonly url: string;
  readonly credentials: FluentCredentials;
  /** By username. The values are never changed in place. */
  readonly customers: Map<string, StoredCustomer>;
  readonly requests: Requests;
  readonly writes: Writes;
  readonly faults: Faults;
  readonly schema: GraphQLSchema;
  /** Puts customers there, unchecked and uncounted; one that exists is updated. */
  seed(...customers: CustomerInput[]): void;
  revokeTokens(): void;
  /** The account has this schema from now on. */
  changeSchema(variant: SchemaVariant): Promise<void>;
  /** The next requests with queries, `count` of them, see the state as it is now. */
  staleLookups(count: number): void;
  /** Look-ups of a kind are answered by replicas, so many milliseconds behind, each by another one by chance; `{}` ends it. */
  replicate(lags: Readonly<Partial<Record<LookUpKind, readonly number[]>>>, random?: () => number): void;
  /** Ends the server and every connection, hanging ones included. */
  close(): Promise<void>;
}
