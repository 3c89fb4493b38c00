import type { OutcomeKind } from '../outcome.ts';

/** The purpose of a request to an upstream. */
export type Operation = 'token' | 'read' | 'check' | 'look-up' | 'write' | 'other';

/** The outcome of one event; ids and codes only. */
export interface ObservedOutcome {
  readonly outcome: OutcomeKind;
  readonly reason: string;
  readonly route: string | undefined;
  readonly projectKey: string | undefined;
  /** `customer/<id>` */
  readonly resource: string | undefined;
  readonly version: number | undefined;
  /** Names of the fields that were changed. */
  readonly changed?: readonly string[];
  /** From the arrival of the push to the outcome. */
  readonly milliseconds: number;
  /** From commercetools' own time of the change to the outcome. Undefined for an ignored event. */
  readonly lagMilliseconds: number | undefined;
  readonly deadLettered: boolean;
  readonly late: boolean;
}

/** One attempt of a request to an upstream. */
export interface ObservedRequest {
  /** As in `commercetools my-project`. */
  readonly upstream: string;
  readonly operation: Operation;
  /** `ok`, `declined` (not found, already exists), or the kind of the fault: `transient`, `throttled`, … */
  readonly result: string;
  readonly milliseconds: number;
  /** Customers in the request; 0 for a token. */
  readonly size: number;
}

/** Called for everything that is measured, for metrics and the page. Must be cheap and must not throw. */
export interface Observer {
  pushAnswered(status: number): void;
  /** A push was refused before it was read; `pushAnswered` is called for it as well. */
  pushRefused(reason: string): void;
  outcome(outcome: ObservedOutcome): void;
  /** How long a run waited in the queue. */
  waited(milliseconds: number): void;
  /** How long a run took, without its wait. */
  handled(milliseconds: number): void;
  request(request: ObservedRequest): void;
  /** A write put nothing into these fields, in which Fluent had something; `attributes.<name>` for attributes. */
  blanked(fields: readonly string[]): void;
  circuit(upstream: string, state: CircuitState): void;
  tokenRenewed(upstream: string, renewed: boolean): void;
}

export type CircuitState = 'Closed' | 'Open' | 'HalfOpen';

/** An observer that does nothing: one that wants little is laid over it. */
export const SILENT: Observer = {
  pushAnswered() {},
  pushRefused() {},
  outcome() {},
  waited() {},
  handled() {},
  request() {},
  blanked() {},
  circuit() {},
  tokenRenewed() {},
};

/** Combines two observers into one; undefined if there is none, so that nothing is measured in vain. */
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
    blanked(fields) {
      one.blanked(fields);
      other.blanked(fields);
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
