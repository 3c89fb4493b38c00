import type { StandIns } from '../../../test/kit/stand-ins.ts';
import type { Fault } from '../../../test/sandbox/fluent.ts';

/** What the faults strike: all projects and all of Fluent. */
type Struck = Pick<StandIns, 'commercetools' | 'fluents' | 'accounts'>;

/** The faults by name. Each function switches its fault on and returns a function that switches it off. */
export const FAULTS = {
  'fluent-down': ofFluent({ kind: 'status', status: 503 }),
  'fluent-slow': ofFluent({ kind: 'latency', milliseconds: 3_000 }),
  'fluent-rate-limit': ofFluent({ kind: 'too-many-requests', retryAfterSeconds: 2 }),
  'fluent-credentials': (struck) => {
    for (const fluent of struck.fluents) fluent.revokeTokens();
    return ofFluent({ kind: 'wrong-credentials' })(struck);
  },
  'commercetools-down': ({ commercetools }) => commercetools.fault({ kind: 'status', status: 503 }),
  'commercetools-slow': ({ commercetools }) => commercetools.fault({ kind: 'latency', milliseconds: 3_000 }),
  'commercetools-rate-limit': ({ commercetools }) =>
    commercetools.fault({ kind: 'too-many-requests', retryAfterSeconds: 2 }),
  'commercetools-stale': ({ accounts }) => {
    for (const { commercetools } of accounts) commercetools.lagQueries(5_000);
    return () => {
      for (const { commercetools } of accounts) commercetools.lagQueries(0);
    };
  },
} as const satisfies Readonly<Record<string, (struck: Struck) => () => void>>;

function ofFluent(fault: Fault): (struck: Struck) => () => void {
  return ({ fluents }) => {
    const off = fluents.map(({ faults }) => faults.on(fault));
    return () => {
      for (const end of off) end();
    };
  };
}

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
  readonly #standIns: Struck;
  readonly #on = new Map<FaultName, () => void>();

  constructor(standIns: Struck) {
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
