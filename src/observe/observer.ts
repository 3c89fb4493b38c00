import type { OutcomeKind } from '../outcome.ts';

/** What a request to an upstream is for. */
export type Operation = 'token' | 'read' | 'check' | 'look-up' | 'write' | 'other';

/** What an observer is told of one answered event; ids and codes only. */
export interface ObservedOutcome {
  readonly outcome: OutcomeKind;
  readonly reason: string;
  readonly route: string | undefined;
  readonly projectKey: string | undefined;
  /** `customer/<id>` */
  readonly resource: string | undefined;
  readonly version: number | undefined;
  /** From the arrival of the push to the outcome. */
  readonly milliseconds: number;
  /** From commercetools' own time of the change to the outcome: the real lag. Undefined where nothing was to be done. */
  readonly lagMilliseconds: number | undefined;
  readonly deadLettered: boolean;
  readonly late: boolean;
}

/** One request to an upstream, or one try of it. */
export interface ObservedRequest {
  /** As in `commercetools my-project`. */
  readonly upstream: string;
  readonly operation: Operation;
  /** `ok`, `declined` (not there, taken already), or the kind of the fault: `transient`, `throttled`, … */
  readonly result: string;
  readonly milliseconds: number;
  /** Customers that left together; 0 for a token. */
  readonly size: number;
}

/** Is told what happens, for metrics and the page. Must be cheap and must not throw. */
export interface Observer {
  pushAnswered(status: number): void;
  /** A push was refused before it was read; `pushAnswered` tells of its answer as of any other. */
  pushRefused(reason: string): void;
  outcome(outcome: ObservedOutcome): void;
  /** How long a run waited in the queue for its turn. */
  waited(milliseconds: number): void;
  /** How long a run took, its wait not counted. */
  handled(milliseconds: number): void;
  request(request: ObservedRequest): void;
  circuit(upstream: string, state: CircuitState): void;
  tokenRenewed(upstream: string, renewed: boolean): void;
}

export type CircuitState = 'Closed' | 'Open' | 'HalfOpen';

/** One observer that tells both; undefined where there is none, so that nothing is measured for nobody. */
export function combine(one: Observer | undefined, other: Observer | undefined): Observer | undefined {
  if (!one || !other) return one ?? other;
  return {
    pushAnswered(status) {
      one.pushAnswered(status);
      other.pushAnswered(status);
    },
    pushRefused(reason) {
      one.pushRefused(reason);
      other.pushRefused(reason);
    },
    outcome(outcome) {
      one.outcome(outcome);
      other.outcome(outcome);
    },
    waited(milliseconds) {
      one.waited(milliseconds);
      other.waited(milliseconds);
    },
    handled(milliseconds) {
      one.handled(milliseconds);
      other.handled(milliseconds);
    },
    request(request) {
      one.request(request);
      other.request(request);
    },
    circuit(upstream, state) {
      one.circuit(upstream, state);
      other.circuit(upstream, state);
    },
    tokenRenewed(upstream, renewed) {
      one.tokenRenewed(upstream, renewed);
      other.tokenRenewed(upstream, renewed);
    },
  };
}
