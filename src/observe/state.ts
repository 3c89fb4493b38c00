import type { Engine } from '../engine/engine.ts';
import type { CircuitState } from './observer.ts';

/** The state of the service at one moment, for the gauges. */
export interface ServiceState {
  readonly ready: boolean;
  readonly queue: {
    /** Waiting and in flight. */
    readonly events: number;
    /** Of those, the ones whose run has not started. */
    readonly waiting: number;
    readonly limit: number;
    readonly runs: number;
  };
  readonly upstreams: readonly {
    readonly name: string;
    /** Requests. */
    readonly inFlight: number;
    readonly waiting: number;
    readonly limit: number;
    readonly circuit: CircuitState;
  }[];
}

/** Reads the state of the engine's queue and upstreams. */
export function stateOf(
  { queue, accounts }: Pick<Engine, 'queue' | 'accounts'>,
  { limit }: { readonly limit: number },
  ready: boolean,
): ServiceState {
  return {
    ready,
    queue: { events: queue.size, waiting: queue.waiting, limit, runs: queue.inFlight },
    upstreams: accounts
      .flatMap(({ upstreams }) => upstreams)
      .map(({ name, limit: { inFlight, waiting, current }, circuit }) => ({
        name,
        inFlight,
        waiting,
        limit: current,
        circuit,
      })),
  };
}
