import type { Engine } from '../engine/engine.ts';
import type { CircuitState } from './observer.ts';
import type { PendingEvents } from './pending-events.ts';

/** The state of the service at one moment, for the gauges. */
export interface ServiceState {
  readonly ready: boolean;
  /** How old the oldest event is that is not done, in milliseconds; 0 where all are. */
  readonly oldestPendingMilliseconds: number;
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
  pending: Pick<PendingEvents, 'oldest'>,
  ready: boolean,
): ServiceState {
  return {
    ready,
    oldestPendingMilliseconds: pending.oldest(),
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
