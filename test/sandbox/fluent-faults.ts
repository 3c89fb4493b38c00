import { Holds } from './holds.ts';

/** The kind of a request. */
export type RequestKind = 'token' | 'query' | 'mutation';

/** Whether the fault applies before the request takes effect, or afterwards, so that only the response is lost. */
type Moment = { readonly when?: 'before-effect' | 'after-effect' };

/** Adds to the time of a response, in milliseconds. The request has taken effect before. */
export type Delay = { readonly kind: 'latency' | 'slow'; readonly milliseconds: number };

/** Replaces the response. */
export type Replacement =
  | ({ readonly kind: 'hang' } & Moment)
  | ({ readonly kind: 'reset' } & Moment)
  | ({ readonly kind: 'status'; readonly status: number } & Moment)
  | ({ readonly kind: 'html' } & Moment)
  | { readonly kind: 'too-many-requests'; readonly retryAfterSeconds?: number }
  | { readonly kind: 'rate-limit' }
  | { readonly kind: 'permission' }
  | { readonly kind: 'wrong-credentials' };

/** Fails single mutations of a request with S0002E, without effect: those of the given usernames, or of all. */
export type Partial = { readonly kind: 'partial'; readonly usernames?: readonly string[] };

/**
 * A fault, plain data: `only` one kind of request, `times` (unlimited when absent), `probability` from 0 to 1 (1 when absent).
 */
export type Fault = (Delay | Replacement | Partial) & {
  readonly only?: RequestKind;
  readonly times?: number;
  readonly probability?: number;
};

interface Active {
  readonly fault: Fault;
  left: number;
}

/** The active faults, and the number of times that each kind was applied. */
export class Faults extends Holds<RequestKind> {
  readonly injected: Record<Fault['kind'], number> = {
    latency: 0,
    slow: 0,
    hang: 0,
    reset: 0,
    status: 0,
    html: 0,
    'too-many-requests': 0,
    'rate-limit': 0,
    permission: 0,
    'wrong-credentials': 0,
    partial: 0,
  };
  readonly #random: () => number;
  #active: readonly Active[] = [];

  constructor(random: () => number) {
    super();
    this.#random = random;
  }

  /** Activates a fault; returns a function that deactivates it. */
  on(fault: Fault): () => void {
    const active = { fault, left: fault.times ?? Number.POSITIVE_INFINITY };
    this.#active = [...this.#active, active];
    return () => {
      this.#active = this.#active.filter((other) => other !== active);
    };
  }

  /** Deactivates all faults. */
  off(): void {
    this.#active = [];
  }

  /** The sum of the delays that apply to a request, in milliseconds. */
  delay(request: RequestKind): number {
    let milliseconds = 0;
    for (const active of this.#active) {
      const { fault } = active;
      if (!('milliseconds' in fault) || !concerns(fault, request)) continue;
      if (this.#strikes(active)) milliseconds += fault.milliseconds;
    }
    return milliseconds;
  }

  /** Returns the first active fault that replaces this request's response. */
  replacement(request: RequestKind): Replacement | undefined {
    for (const active of this.#active) {
      const { fault } = active;
      if ('milliseconds' in fault || fault.kind === 'partial' || !concerns(fault, request)) continue;
      if (this.#strikes(active)) return fault;
    }
    return undefined;
  }

  /** True if the mutation for this username fails. */
  partial(username: string): boolean {
    return this.#active.some((active) => {
      const { fault } = active;
      if (fault.kind !== 'partial' || !concerns(fault, 'mutation')) return false;
      return (fault.usernames?.includes(username) ?? true) && this.#strikes(active);
    });
  }

  #strikes(active: Active): boolean {
    const { probability } = active.fault;
    if (active.left <= 0 || (probability !== undefined && this.#random() >= probability)) return false;
    active.left -= 1;
    this.injected[active.fault.kind] += 1;
    return true;
  }
}

function concerns(fault: Fault, request: RequestKind): boolean {
  if (fault.only !== undefined && fault.only !== request) return false;
  if (fault.kind === 'wrong-credentials') return request === 'token';
  if (fault.kind === 'rate-limit' || fault.kind === 'permission') return request !== 'token';
  return true;
}
