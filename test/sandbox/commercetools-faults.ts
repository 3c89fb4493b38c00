import { Holds } from './holds.ts';

/** What a request is for: a token, a list, one resource, a change, or whatever is asked for by GraphQL. */
export type RequestKind = 'token' | 'query' | 'by-id' | 'write' | 'graphql';

/**
 * What can go wrong. `latency` delays and then answers; `partial` is an error for one `customer` of a GraphQL request; all
 * others replace the answer, `slow` by one whose body trickles.
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
  /** Only these requests; all when left out. */
  readonly only?: RequestKind | readonly RequestKind[];
  /** How often; without an end when left out. */
  readonly times?: number;
  /** From 0 to 1; always when left out. */
  readonly probability?: number;
  /** From 0 up to 1, as `Math.random`; the sandbox's own when left out. */
  readonly random?: () => number;
  /** For `latency` and `slow`; 100 when left out. */
  readonly milliseconds?: number;
  /** For `status`; 503 when left out. */
  readonly status?: number;
  /** For `too-many-requests` and `status`: the Retry-After header. */
  readonly retryAfterSeconds?: number;
  /** For `partial`: the customers that it concerns; all when left out. */
  readonly ids?: readonly string[];
}

/** The faults that are switched on, and how often each kind struck. */
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

  /** Switches a fault on; returns how to switch it off. */
  add(fault: Fault): () => void {
    const own = { ...fault };
    this.#active.set(own, fault.times ?? Number.POSITIVE_INFINITY);
    return () => this.#active.delete(own);
  }

  clear(): void {
    this.#active.clear();
  }

  /** The faults for one request: every latency, and the first of the others that strikes. */
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

  /** Whether the look-up of this customer by GraphQL fails. */
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
