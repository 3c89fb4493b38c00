import type { Fluent } from '../../fluent/fluent.ts';
import { Failure } from '../../outcome.ts';
import type { BoundRoute } from '../../router/bind-routes.ts';
import { number } from './progress.ts';

/** A field that a run would blank for more than a tenth of its customers. */
export interface Blanking {
  readonly field: string;
  readonly customers: number;
  /** The number of customers whose result is known so far. */
  readonly of: number;
}

/** One customer of a run, however often it is tried. */
export interface GuardedCustomer {
  /** Fields already counted for this customer, so that a retry does not count them again. */
  readonly blanked: Set<string>;
  readonly decided: PromiseWithResolvers<void>;
  isDecided: boolean;
}

const FEWEST_CUSTOMERS = 20;
const MAX_SHARE = 0.1;

/**
 * Stops a run over many customers that would blank a field for more than a tenth of them, because that is probably a mistake
 * in the mapping.
 *
 * Each write is checked, and its blanked fields are counted, before it is sent. From the twentieth customer on, a write that
 * exceeds the limit waits for all customers in flight, because customers without changes are counted only at their end; if
 * the limit is still exceeded, the run stops. At most nineteen such writes are sent.
 */
export class BlankingGuard {
  readonly #allowed: ReadonlySet<string>;
  readonly #onStop: () => void;
  readonly #counts = new Map<string, number>();
  readonly #undecided = new Set<GuardedCustomer>();
  #customers = 0;
  #stoppedBy: readonly Blanking[] = [];

  /** Fields in `allowed` have no limit; `onStop` is called once, before any further write. */
  constructor(allowed: Iterable<string>, onStop: () => void) {
    this.#allowed = new Set(allowed);
    this.#onStop = onStop;
  }

  /** The fields that stopped the run; empty while it continues. */
  get stoppedBy(): readonly Blanking[] {
    return this.#stoppedBy;
  }

  /** Counts the fields that previews would blank, so that the run stops before the first write if they exceed the limit. */
  foresee(customers: readonly (readonly string[])[]): void {
    for (const blanked of customers) {
      this.#customers += 1;
      this.#count(new Set(blanked));
    }
    this.#stopIfTooMany();
  }

  /** Registers a customer before it is handled. */
  customer(): GuardedCustomer {
    return { blanked: new Set(), decided: Promise.withResolvers(), isDecided: false };
  }

  /** Runs `work` with a Fluent account whose writes are checked by this guard. */
  async watch<T>(
    customer: GuardedCustomer,
    fluent: Fluent,
    work: (fluent: Fluent) => Promise<T>,
  ): Promise<T> {
    if (!customer.isDecided) this.#undecided.add(customer);
    const check = (blanks: readonly string[] = []) => this.#check(customer, blanks);
    try {
      return await work({
        ...fluent,
        async createCustomer(input, options) {
          await check();
          return fluent.createCustomer(input, options);
        },
        async updateCustomer(input, options) {
          await check(options?.blanks);
          return fluent.updateCustomer(input, options);
        },
      });
    } finally {
      this.#decide(customer);
    }
  }

  async #check(customer: GuardedCustomer, blanks: readonly string[]): Promise<void> {
    const fresh = blanks.filter((field) => !customer.blanked.has(field));
    for (const field of fresh) customer.blanked.add(field);
    this.#count(new Set(fresh));
    this.#decide(customer);
    if (this.#tooMany().length > 0) {
      await Promise.all([...this.#undecided].map(({ decided }) => decided.promise));
      this.#stopIfTooMany();
    }
    if (this.#stoppedBy.length > 0)
      throw new Failure(
        WOULD_BLANK,
        'The run was stopped before this write, because it would blank too much.',
      );
  }

  #decide(customer: GuardedCustomer): void {
    if (customer.isDecided) return;
    customer.isDecided = true;
    this.#customers += 1;
    this.#undecided.delete(customer);
    customer.decided.resolve();
  }

  #count(blanked: ReadonlySet<string>): void {
    for (const field of blanked) this.#counts.set(field, (this.#counts.get(field) ?? 0) + 1);
  }

  #stopIfTooMany(): void {
    const tooMany = this.#tooMany();
    if (tooMany.length === 0 || this.#stoppedBy.length > 0) return;
    this.#stoppedBy = tooMany;
    this.#onStop();
  }

  #tooMany(): Blanking[] {
    return tooMany(this.#counts, this.#customers, this.#allowed);
  }
}

/** The reason code of a run that the guard stopped. */
export const WOULD_BLANK = 'would-blank';

const NONE: ReadonlySet<string> = new Set();

/** The fields, except those in `allowed`, that are blanked for more than a tenth of at least twenty customers. */
export function tooMany(
  counts: Iterable<readonly [field: string, customers: number]>,
  of: number,
  allowed: ReadonlySet<string> = NONE,
): Blanking[] {
  if (of < FEWEST_CUSTOMERS) return [];
  return [...counts]
    .filter(([field, customers]) => customers > of * MAX_SHARE && !allowed.has(field))
    .map(([field, customers]) => ({ field, customers, of }));
}

/** The error text: each field with the line of its mapping, and what to do. */
export function blankingAdvice(
  blankings: readonly Blanking[],
  { lineOf }: Pick<BoundRoute, 'lineOf'>,
): string {
  const fields = blankings.map(({ field, customers, of }) => {
    const line = lineOf === undefined ? '' : `, ${lineOf(field)}`;
    return `${field} for ${number(customers)} of ${number(of)} customers${line}`;
  });
  const names = blankings.map(({ field }) => field).join(',');
  return `would blank ${fields.join('; ')}. Fluent has a value and the mapping has none. Correct the mapping, or allow it with --allow-blanking ${names}`;
}
