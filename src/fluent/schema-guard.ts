import { Failure, type Rejection } from '../outcome.ts';
import { timeOut } from '../time-out.ts';
import { UpstreamFault } from '../upstream/fault.ts';
import type { Complaint } from './complaint.ts';
import {
  type CustomerMutation,
  fieldsOf,
  type InputSchema,
  meets,
  problemsOf,
  type SchemaProblem,
} from './input-schema.ts';
import type { CustomerWrite } from './operations.ts';
import { describeProblem, SchemaMismatch } from './schema-mismatch.ts';

/** Fluent refused a write for its shape, before it ran. */
export class InvalidRequest extends UpstreamFault {
  readonly complaint: Complaint | undefined;
  /** The meaning of the refusal if the write matches the schema. */
  readonly meaning: Failure | Rejection;

  constructor(meaning: Failure | Rejection, complaint: Complaint | undefined) {
    super('final', meaning.reason, meaning.message);
    this.name = 'InvalidRequest';
    this.meaning = meaning;
    this.complaint = complaint;
  }

  override about(correlationId: string | undefined): this {
    this.meaning.about(correlationId);
    return super.about(correlationId);
  }
}

export interface SchemaGuardOptions {
  /** The upstream, as in `Fluent FCT`. */
  readonly name: string;
  /** Reads the account's schema; undefined if introspection is closed. */
  load(): Promise<InputSchema | undefined>;
  /** Called with a description of the mismatch, and with undefined once there is none; readiness depends on it. */
  onSchema(name: string, mismatch: string | undefined): void;
  /** Milliseconds. */
  readonly clock?: () => number;
}

/** A schema, or a problem, is fresh for this long, so that many refusals cause one request. */
const FRESH_MILLISECONDS = 30_000;
const READ_MILLISECONDS = 5_000;
const BETWEEN_PROBES_MILLISECONDS = 2_000;
const MAX_PROBLEMS = 50;

interface Seen {
  readonly problem: SchemaProblem;
  readonly at: number;
}

/**
 * Finds out why Fluent refuses the input of a write. Reads the schema at the first refusal, once for concurrent refusals, and
 * then fails such writes before they are sent, because one of them makes the whole batch fail.
 */
export class SchemaGuard {
  readonly #options: SchemaGuardOptions;
  readonly #clock: () => number;
  readonly #seen = new Map<string, Seen>();
  /** Mutations that have succeeded in this instance; a refused write is then an exception, not a schema mismatch. */
  readonly #succeeded = new Set<CustomerMutation>();
  #read: { readonly schema: InputSchema | undefined; readonly at: number } | undefined;
  #reading: Promise<InputSchema | undefined> | undefined;
  #unfit: Seen | undefined;
  #probedAt = Number.NEGATIVE_INFINITY;

  constructor(options: SchemaGuardOptions) {
    this.#options = options;
    this.#clock = options.clock ?? (() => performance.now());
  }

  /** Reads the current schema; undefined if introspection is closed. Throws a `Failure` if it cannot be read. */
  async read(): Promise<InputSchema | undefined> {
    this.#reading ??= this.#load().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** The refusal that a write would meet, as far as is known from the last half minute. */
  known(write: CustomerWrite): SchemaMismatch | undefined {
    if (this.#seen.size === 0) return undefined;
    for (const [key, { at }] of this.#seen) if (!this.#isFresh(at)) this.#seen.delete(key);
    const problems = [...this.#seen.values()].map(({ problem }) => problem);
    return this.#mismatch(problems.filter((problem) => meets(write, problem)));
  }

  /** Returns the error of a refused write: a `SchemaMismatch`, or the meaning of the refusal if the schema is not the cause. */
  async explain(write: CustomerWrite, refusal: InvalidRequest): Promise<Error> {
    const schema = await this.#current();
    const found = schema ? problemsOf(write.mutation, fieldsOf(write.input), schema) : [];
    const problems = found.length > 0 ? found : claimed(write, refusal.complaint);
    for (const problem of problems) this.#remember(problem);
    return (this.#mismatch(problems) ?? refusal.meaning).about(refusal.correlationId);
  }

  /** Called after each write that succeeded. */
  succeeded(write: CustomerWrite): void {
    this.#succeeded.add(write.mutation);
    if (this.#seen.size === 0 && !this.#unfit) return;
    for (const [key, { problem }] of this.#seen) if (meets(write, problem)) this.#seen.delete(key);
    if (this.#unfit?.problem.mutation === write.mutation) this.#fits();
  }

  /** While there is a mismatch, reads the schema again, at most every 2 seconds. Returns immediately; never throws. */
  probe(): void {
    const now = this.#clock();
    if (!this.#unfit || now - this.#probedAt < BETWEEN_PROBES_MILLISECONDS) return;
    this.#probedAt = now;
    this.read().then(
      (schema) => this.#review(schema),
      () => {},
    );
  }

  #review(schema: InputSchema | undefined): void {
    const unfit = this.#unfit;
    if (!unfit) return;
    if (schema) {
      for (const [key, { problem }] of this.#seen) if (!holds(problem, schema)) this.#seen.delete(key);
      const [left] = this.#seen.values();
      if (!holds(unfit.problem, schema)) {
        if (left) this.#reports(left);
        else this.#fits();
        return;
      }
    }
    // If the schema cannot be read, or most customers match it, the next write shows the state.
    const mayFit = !schema || this.#succeeded.has(unfit.problem.mutation);
    if (mayFit && !this.#isFresh(unfit.at)) this.#fits();
  }

  #remember(problem: SchemaProblem): void {
    const seen = { problem, at: this.#clock() };
    const key = describeProblem(problem);
    if (this.#seen.size < MAX_PROBLEMS || this.#seen.has(key)) this.#seen.set(key, seen);
    this.#reports(seen);
  }

  #reports(seen: Seen): void {
    this.#unfit = seen;
    this.#options.onSchema(this.#options.name, describeProblem(seen.problem));
  }

  #fits(): void {
    this.#unfit = undefined;
    this.#options.onSchema(this.#options.name, undefined);
  }

  #mismatch(problems: readonly SchemaProblem[]): SchemaMismatch | undefined {
    return problems.length > 0 ? new SchemaMismatch(this.#options.name, problems) : undefined;
  }

  async #current(): Promise<InputSchema | undefined> {
    if (this.#read && this.#isFresh(this.#read.at)) return this.#read.schema;
    return this.read().catch(() => undefined);
  }

  async #load(): Promise<InputSchema | undefined> {
    try {
      const schema = await timeOut(this.#options.load(), READ_MILLISECONDS, () => {
        throw new Failure('upstream-timeout', `${this.#options.name} did not return its schema in time.`);
      });
      this.#read = { schema, at: this.#clock() };
      return schema;
    } catch (error) {
      // After a failure the schema is not requested again for a while either.
      this.#read = { schema: undefined, at: this.#clock() };
      throw error;
    }
  }

  #isFresh(at: number): boolean {
    return this.#clock() - at < FRESH_MILLISECONDS;
  }
}

/** The problem that an error describes, if the write really has it; otherwise the error is not trusted. */
function claimed(write: CustomerWrite, complaint: Complaint | undefined): SchemaProblem[] {
  if (!complaint) return [];
  const { mutation } = write;
  if (complaint.kind === 'absent')
    return complaint.mutation === mutation ? [{ kind: 'absent', mutation }] : [];
  const problem = { kind: complaint.kind, mutation, field: complaint.field } as const;
  return meets(write, problem) ? [problem] : [];
}

function holds(problem: SchemaProblem, schema: InputSchema): boolean {
  const fields = schema.get(problem.mutation);
  if (!fields || problem.kind === 'absent') return !fields && problem.kind === 'absent';
  const field = fields.get(problem.field);
  return problem.kind === 'requires' ? field?.isRequired === true : field === undefined;
}
