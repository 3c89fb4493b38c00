import { Holds } from './holds.ts';

/** The kind of a request: a token, a list, one resource, a change, or GraphQL. */
export type RequestKind = 'token' | 'query' | 'by-id' | 'write' | 'graphql';

/**
 * The kind of a fault. `latency` delays the response; `partial` returns an error for one `customer` of a GraphQL request; all
 * others replace the response: `slow` by one whose body is sent slowly.
 */
export type FaultKind =
  | 'latency'
  | 'slow'
  | 'hang'
  | 'status'
  | 'too-many-requests'
  | 'reset'
  | 'wrong-credentials'
  | 'insufficient-scope'
  | 'bad-gateway'
  | 'partial';

export interface Fault {
  readonly kind: FaultKind;
  /** Applies to this kind of request only; to all if undefined. */
  readonly only?: RequestKind | readonly RequestKind[];
  /** The number of times; unlimited if undefined. */
  readonly times?: number;
  /** From 0 to 1; 1 if undefined. */
  readonly probability?: number;
  /** Returns numbers from 0 up to 1, like `Math.random`; the sandbox's generator if undefined. */
  readonly random?: () => number;
  /** For `latency` and `slow`; default 100. */
  readonly milliseconds?: number;
  /** For `status`; default 503. */
  readonly status?: number;
  /** For `too-many-requests` and `status`: the Retry-After header. */
  readonly retryAfterSeconds?: number;
  /** For `partial`: the affected customers; all if undefined. */
  readonly ids?: readonly string[];
}

/** The active faults, and the number of times that each kind was applied. */
export class Faults extends Holds<RequestKind> {
  readonly counts: Record<FaultKind, number> = {
    latency: 0,
    slow: 0,
    hang: 0,
    status: 0,
    'too-many-requests': 0,
    reset: 0,
    'wrong-credentials': 0,
    'insufficient-scope': 0,
    'bad-gateway': 0,
    partial: 0,
  };
  readonly #random: () => number;
  readonly #active = new Map<Fault, number>();

  constructor(random: () => number) {
    super();
    this.#random = random;
  }

  /** Activates a fault; returns a function that deactivates it. */
  add(fault: Fault): () => void {
    const own = { ...fault };
    this.#active.set(own, fault.times ?? Number.POSITIVE_INFINITY);
    return () => this.#active.delete(own);
  }

  clear(): void {
    this.#active.clear();
  }

  /** Returns the faults for one request: every latency, and the first of the other kinds that applies. */
  draw(kind: RequestKind): { delay: number; fault: Fault | undefined } {
    let delay = 0;
    let struck: Fault | undefined;
    for (const fault of this.#active.keys()) {
      if (fault.kind === 'partial' || (fault.kind !== 'latency' && struck !== undefined)) continue;
      if (fault.only !== undefined && fault.only !== kind && !fault.only.includes(kind)) continue;
      if (!this.#strikes(fault)) continue;
      if (fault.kind === 'latency') delay += fault.milliseconds ?? 100;
      else struck = fault;
    }
    return { delay, fault: struck };
  }

  /** True if the look-up of this customer by GraphQL fails. */
  partial(id: string): boolean {
    return [...this.#active.keys()].some(
      (fault) => fault.kind === 'partial' && (fault.ids?.includes(id) ?? true) && this.#strikes(fault),
    );
  }

  #strikes(fault: Fault): boolean {
    const left = this.#active.get(fault) ?? 0;
    if (fault.probability !== undefined && (fault.random ?? this.#random)() >= fault.probability)
      return false;
    if (left <= 1) this.#active.delete(fault);
    else this.#active.set(fault, left - 1);
    this.counts[fault.kind] += 1;
    return true;
  }
}
