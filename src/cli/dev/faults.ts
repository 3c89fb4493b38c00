import type { StandIns } from '../../../test/kit/stand-ins.ts';

/** The faults by name. Each function switches its fault on and returns a function that switches it off. */
export const FAULTS = {
  'fluent-down': ({ fluent }) => fluent.faults.on({ kind: 'status', status: 503 }),
  'fluent-slow': ({ fluent }) => fluent.faults.on({ kind: 'latency', milliseconds: 3_000 }),
  'fluent-rate-limit': ({ fluent }) => fluent.faults.on({ kind: 'too-many-requests', retryAfterSeconds: 2 }),
  'fluent-credentials': ({ fluent }) => {
    fluent.revokeTokens();
    return fluent.faults.on({ kind: 'wrong-credentials' });
  },
  'commercetools-down': ({ commercetools }) => commercetools.fault({ kind: 'status', status: 503 }),
  'commercetools-slow': ({ commercetools }) => commercetools.fault({ kind: 'latency', milliseconds: 3_000 }),
  'commercetools-rate-limit': ({ commercetools }) =>
    commercetools.fault({ kind: 'too-many-requests', retryAfterSeconds: 2 }),
  'commercetools-stale': ({ commercetools }) => {
    commercetools.lagQueries(5_000);
    return () => commercetools.lagQueries(0);
  },
} as const satisfies Readonly<Record<string, (standIns: StandIns) => () => void>>;

export type FaultName = keyof typeof FAULTS;

/** In the order of the keys that switch them, from 1. */
export const FAULT_NAMES: readonly FaultName[] = [
  'fluent-down',
  'fluent-slow',
  'fluent-rate-limit',
  'fluent-credentials',
  'commercetools-down',
  'commercetools-slow',
  'commercetools-rate-limit',
  'commercetools-stale',
];

/** The faults that are on. */
export class Switches {
  readonly #standIns: StandIns;
  readonly #on = new Map<FaultName, () => void>();

  constructor(standIns: StandIns) {
    this.#standIns = standIns;
  }

  /** Toggles a fault, and returns its new state. */
  toggle(name: FaultName): 'on' | 'off' {
    const off = this.#on.get(name);
    if (off) {
      off();
      this.#on.delete(name);
      return 'off';
    }
    this.#on.set(name, FAULTS[name](this.#standIns));
    return 'on';
  }
}
