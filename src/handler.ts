/**
 * The handler contract: all that a handler needs to know of the engine.
 *
 * A handler is the default export of `handlers/<name>.ts` or `handlers/<name>/index.ts`; one in `handlers/custom/`
 * replaces the shipped one of the same name. It handles one event at a time. The engine sees to it that events for the
 * same resource never run at once, and the clients in the context gather concurrent calls into batches by themselves.
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

/** A commercetools project and the Fluent account and retailer that it feeds. Holds no secret. */
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
  /** Carries the event's identity and route. Never give it personal data. */
  readonly log: Log;
  /**
   * Aborts when the run has used up its time: begin nothing then. The clients' writes are bound to it, and fail with
   * `out-of-time`; whatever else a handler begins elsewhere is for the handler to stop.
   */
  readonly signal: AbortSignal;
}

/** Handles one event. Return an outcome; throw `Rejection` for what can never work; anything else thrown is tried again. */
export type Handle = (event: Event, context: Context) => Promise<Outcome>;

/**
 * What handling an event would do, found out by reading alone. `input` holds personal data: it is for a person who asked
 * to see it. All else is ids, versions, codes and names of fields.
 */
export interface Preview {
  /**
   * `gone`: the commercetools customer is no longer there; what is done then is in `reason`, with an `input` if anything is
   * sent. `ignored`: it is left as it is, for `reason`, and what differs is no difference. `rejected`: it can never work,
   * for `reason`.
   */
  readonly action: 'create' | 'update' | 'none' | 'gone' | 'ignored' | 'rejected';
  /** The key in Fluent; it may be personal. Undefined if it is not known. */
  readonly username: string | undefined;
  /** True when Fluent has the customer. */
  readonly found: boolean;
  /** The version that was read from commercetools. */
  readonly version?: number;
  /** Names of the fields in which Fluent is not as it should be; `attributes.<name>` for attributes. */
  readonly differing: readonly string[];
  /** Of those, the fields that would be blanked: Fluent has something, and the mapping gives nothing. */
  readonly blanked?: readonly string[];
  /** Names of the fields that were cut to what Fluent takes. */
  readonly cut: readonly string[];
  /** Names of the fields for which the mapping gave no usable value: they are left as they are. */
  readonly unusable: readonly string[];
  /** What would be sent to Fluent, where anything would. */
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
  /** What the mapping makes of the commercetools customer. */
  readonly commercetools: unknown;
  readonly sent: unknown;
  readonly fluent: unknown;
}

/** Says what a handler would do: for `sync --dry-run`, `reconcile` and `explain`. */
export interface Previewing {
  /** Reads as `handle` does and never writes. Throws `Failure` where it cannot tell for the moment. */
  preview(event: Event, context: Context): Promise<Preview>;
  /** The Fluent attribute that holds the id of the commercetools customer; orphans are found by it. */
  readonly idAttribute: string;
  /** The one that holds the key of its project, where the handler writes one. */
  readonly projectAttribute?: string;
  /** What `handle` sends to Fluent: compared with the inputs that the account's schema has. */
  sentFields?(): Promise<readonly SentFields[]>;
  /** What decides the values that are written, where that is less than all props: it is noticed when it has changed. */
  readonly mapping?: unknown;
  /** The path of the prop that gives a field of Fluent. Messages about the field name the line of that prop. */
  sourceOf?(field: string): readonly (string | number)[];
}

/** Names of the fields that a handler sends with a mutation. */
export interface SentFields {
  readonly mutation: 'createCustomer' | 'updateCustomer';
  /** With every customer. */
  readonly always: readonly string[];
  /** With some, depending on what commercetools has. */
  readonly sometimes: readonly string[];
}

export interface Handler<Props extends z.ZodType = z.ZodType> {
  /** One sentence for `GET /connector`. */
  readonly description: string;
  /** The route's props, without `name` and `inclusion-filter`. A fault in them stops the start with its line. */
  readonly props: Props;
  /**
   * True when `handle` reads the current state of the resource, so that one run serves every event waiting for it:
   * the run is given the newest of them.
   */
  readonly readsCurrentState: boolean;
  /**
   * Called once a route at the start. Compile and check the props here: what it throws stops the start, and `UnusableProps`
   * does so with the line of each prop.
   */
  create(props: z.output<Props>, settings: Settings): Handle | Promise<Handle>;
  /** As `create`, for a handler that can also say what it would do. */
  createPreview?(props: z.output<Props>, settings: Settings): Previewing | Promise<Previewing>;
}

/** The settings of the environment that handlers need. */
export interface Settings {
  /** How long a finished version may be remembered, so that its duplicates cost no upstream call. */
  readonly duplicateMemorySeconds: number;
}

/** A handler that can say what it would do; one that builds upon it can rely on that. */
export type PreviewingHandler<Props extends z.ZodType> = Handler<Props> &
  Required<Pick<Handler<Props>, 'createPreview'>>;

/** Gives a handler the type of its props. */
export function defineHandler<Props extends z.ZodType>(
  handler: PreviewingHandler<Props>,
): PreviewingHandler<Props>;
export function defineHandler<Props extends z.ZodType>(handler: Handler<Props>): Handler<Props>;
export function defineHandler<Props extends z.ZodType>(handler: Handler<Props>): Handler<Props> {
  return handler;
}
