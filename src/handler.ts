/**
 * The handler contract: everything that a handler uses of the engine.
 *
 * A handler is the default export of `handlers/<name>.ts` or `handlers/<name>/index.ts`; one in `handlers/custom/`
 * replaces the shipped one of the same name. The engine never handles two events of the same resource at the same time, and
 * the clients in the context batch concurrent calls.
 */
import type { z } from 'zod';
import type { Commercetools } from './commercetools/commercetools.ts';
import type { Fluent } from './fluent/fluent.ts';
import type { Event } from './notification/event.ts';
import type { Log } from './observe/log.ts';
import type { Outcome } from './outcome.ts';

export type { Commercetools, Customer } from './commercetools/commercetools.ts';
export { NotFound } from './commercetools/send-through.ts';
export type {
  Attribute,
  CreateCustomerInput,
  Fluent,
  FluentCustomer,
  UpdateCustomerInput,
} from './fluent/fluent.ts';
export { Conflict, NotThere } from './fluent/fluent.ts';
export {
  each,
  isUpdatable,
  LONGEST_USERNAME,
  NATIVE_FIELD_NAMES,
  NATIVE_FIELDS,
  type NativeField,
  PERSONAL_FIELDS,
  TEXT_FIELDS,
  type TextField,
} from './fluent/native-fields.ts';
export type { Event, Resource } from './notification/event.ts';
export type { Log } from './observe/log.ts';
export { Failure, type Outcome, Rejection } from './outcome.ts';
export { nearest } from './router/nearest.ts';
export { type UnusableProp, UnusableProps } from './router/prop-faults.ts';

/** A commercetools project and the Fluent account and retailer that it feeds. Contains no secret. */
export interface Account {
  readonly projectKey: string;
  readonly fluentAccount?: string;
  readonly retailerId: string;
}

/** A commercetools project of the connector's configuration. */
export interface Project {
  readonly account: Account;
  readonly commercetools: Commercetools;
}

/** The dependencies of a handler, for one run. */
export interface Context {
  readonly account: Account;
  /** The project that the event came from. */
  readonly commercetools: Commercetools;
  /** The Fluent account that this project feeds. */
  readonly fluent: Fluent;
  /** The projects that feed this Fluent account, by project key, the event's own among them. */
  readonly projects: ReadonlyMap<string, Project>;
  /** Adds the event's identity and route to each line. Do not log personal data. */
  readonly log: Log;
  /**
   * Aborts when the time of the run is over; do not start new work then. The clients' writes fail with `out-of-time`
   * afterwards. The handler itself must stop all other work.
   */
  readonly signal: AbortSignal;
}

/**
 * Handles one event. Returns an outcome; throws `Rejection` if the event can never work. After any other error the event is
 * retried.
 */
export type Handle = (event: Event, context: Context) => Promise<Outcome>;

/**
 * What handling an event would do. `username`, `input` and `values` may contain personal data, and are shown only on request;
 * everything else is ids, versions, codes and names of fields.
 */
export interface Preview {
  /**
   * `gone`: the commercetools customer no longer exists; `reason` is what is done then, with `input` if something is sent.
   * `ignored`: nothing is done, for `reason`, and differences do not count. `rejected`: the event can never work, for
   * `reason`.
   */
  readonly action: 'create' | 'update' | 'none' | 'gone' | 'ignored' | 'rejected';
  /** The key in Fluent; it may be personal. Undefined if it is not known. */
  readonly username: string | undefined;
  /** True when Fluent has the customer. */
  readonly found: boolean;
  /** The version that was read from commercetools. */
  readonly version?: number;
  /** Names of the fields that differ in Fluent; `attributes.<name>` for attributes. */
  readonly differing: readonly string[];
  /** The subset of `differing` that would be blanked: Fluent has a value, and the mapping has none. */
  readonly blanked?: readonly string[];
  /** Names of the fields that were cut to Fluent's maximum length. */
  readonly cut: readonly string[];
  /** Names of the fields without a usable value in the mapping; they are not changed. */
  readonly unusable: readonly string[];
  /** The input that would be sent to Fluent, if any. */
  readonly input?: unknown;
  /** The values of each field. They are personal data, so they are computed only on request. */
  readonly values?: () => readonly FieldValues[];
  /** A code, and one sentence without personal data. */
  readonly reason?: string;
  readonly detail?: string;
}

/** The values of one field of Fluent; `attributes.<name>` for attributes. Undefined where there is none. */
export interface FieldValues {
  readonly field: string;
  /** The mapped value of the commercetools customer. */
  readonly commercetools: unknown;
  readonly sent: unknown;
  readonly fluent: unknown;
}

/** The preview of a handler, for `sync --dry-run`, `reconcile` and `explain`. */
export interface Previewing {
  /** Reads like `handle`, and never writes. Throws `Failure` if it cannot decide now. */
  preview(event: Event, context: Context): Promise<Preview>;
  /** The Fluent attribute that holds the id of the commercetools customer; orphans are found by it. */
  readonly idAttribute: string;
  /** The Fluent attribute that holds the key of its project, if the handler writes one. */
  readonly projectAttribute?: string;
  /** The fields that `handle` sends to Fluent; compared with the inputs in the account's schema. */
  sentFields?(): Promise<readonly SentFields[]>;
  /**
   * The part of the props that determines the written values; default: all props. A change of it is detected by its
   * fingerprint.
   */
  readonly mapping?: unknown;
  /** The path of the prop that a field of Fluent comes from. Messages about the field name the line of that prop. */
  sourceOf?(field: string): readonly (string | number)[];
}

/** Names of the fields that a handler sends with a mutation. */
export interface SentFields {
  readonly mutation: 'createCustomer' | 'updateCustomer';
  /** Sent for every customer. */
  readonly always: readonly string[];
  /** Sent for some customers, depending on their data in commercetools. */
  readonly sometimes: readonly string[];
}

export interface Handler<Props extends z.ZodType = z.ZodType> {
  /** One sentence for `GET /connector`. */
  readonly description: string;
  /** The route's props, without `name` and `inclusion-filter`. A fault in them stops the start with its line. */
  readonly props: Props;
  /**
   * True if `handle` reads the current state of the resource. Then all events that wait for it are coalesced into one run,
   * which gets the newest event.
   */
  readonly readsCurrentState: boolean;
  /**
   * Called once for each route at the start. Compile and check the props here: any error stops the start, and
   * `UnusableProps` is reported with the line of each prop.
   */
  create(props: z.output<Props>, settings: Settings): Handle | Promise<Handle>;
  /** Like `create`, for a handler that has a preview too. */
  createPreview?(props: z.output<Props>, settings: Settings): Previewing | Promise<Previewing>;
}

/** The settings of the environment that handlers need. */
export interface Settings {
  /** How long a finished version may be remembered, so that its duplicates cause no upstream calls. */
  readonly duplicateMemorySeconds: number;
}

/** A handler that always has a preview; handlers that extend it can rely on that. */
export type PreviewingHandler<Props extends z.ZodType> = Handler<Props> &
  Required<Pick<Handler<Props>, 'createPreview'>>;

/** Returns the handler; infers the type of its props. */
export function defineHandler<Props extends z.ZodType>(
  handler: PreviewingHandler<Props>,
): PreviewingHandler<Props>;
export function defineHandler<Props extends z.ZodType>(handler: Handler<Props>): Handler<Props>;
export function defineHandler<Props extends z.ZodType>(handler: Handler<Props>): Handler<Props> {
  return handler;
}
