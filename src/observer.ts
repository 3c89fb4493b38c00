import type { OutcomeKind } from './outcome.ts';

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
  readonly parked: boolean;
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

/** One observer that tells several; undefined where there is none, so that nothing is measured for nobody. */
export function combine(observers: readonly Observer[]): Observer | undefined {
  const [only, ...more] = observers;
  if (only === undefined || more.length === 0) return only;
  return {
    pushAnswered(status) {
      for (const observer of observers) observer.pushAnswered(status);
    },
    outcome(outcome) {
      for (const observer of observers) observer.outcome(outcome);
    },
    waited(milliseconds) {
      for (const observer of observers) observer.waited(milliseconds);
    },
    handled(milliseconds) {
      for (const observer of observers) observer.handled(milliseconds);
    },
    request(request) {
      for (const observer of observers) observer.request(request);
    },
    circuit(upstream, state) {
      for (const observer of observers) observer.circuit(upstream, state);
    },
    tokenRenewed(upstream, renewed) {
      for (const observer of observers) observer.tokenRenewed(upstream, renewed);
    },
  };
}
