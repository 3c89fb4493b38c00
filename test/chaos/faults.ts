import { setTimeout as wait } from 'node:timers/promises';
import type { Fault as CommercetoolsFault, CommercetoolsSandbox } from '../sandbox/commercetools.ts';
import type { Fault as FluentFault, FluentSandbox } from '../sandbox/fluent.ts';
import type { Random } from './random.ts';

const COMMERCETOOLS = [
  { kind: 'latency', milliseconds: 80, probability: 0.15 },
  { kind: 'latency', milliseconds: 900, probability: 0.01 },
  { kind: 'status', status: 503, probability: 0.02 },
  { kind: 'status', status: 500, probability: 0.01 },
  { kind: 'status', status: 503, retryAfterSeconds: 1, probability: 0.005 },
  { kind: 'too-many-requests', probability: 0.01 },
  { kind: 'too-many-requests', retryAfterSeconds: 1, probability: 0.005 },
  { kind: 'hang', probability: 0.01 },
  { kind: 'reset', probability: 0.02 },
  { kind: 'slow', milliseconds: 300, probability: 0.02 },
  { kind: 'slow', milliseconds: 2_500, probability: 0.004 },
  { kind: 'bad-gateway', probability: 0.01 },
] as const satisfies CommercetoolsFault[];

/** A request takes effect when it arrives; `after-effect` and every delay come between the effect and the response. */
const FLUENT = [
  { kind: 'latency', milliseconds: 80, probability: 0.15 },
  { kind: 'latency', milliseconds: 400, probability: 0.1, only: 'mutation' },
  { kind: 'slow', milliseconds: 2_000, probability: 0.005 },
  { kind: 'status', status: 503, probability: 0.015 },
  { kind: 'status', status: 500, when: 'after-effect', probability: 0.015 },
  { kind: 'too-many-requests', probability: 0.01 },
  { kind: 'too-many-requests', retryAfterSeconds: 1, probability: 0.005 },
  { kind: 'rate-limit', probability: 0.005 },
  { kind: 'hang', probability: 0.005 },
  { kind: 'hang', when: 'after-effect', probability: 0.01 },
  { kind: 'reset', probability: 0.01 },
  { kind: 'reset', when: 'after-effect', probability: 0.02 },
  { kind: 'html', probability: 0.005 },
  { kind: 'html', when: 'after-effect', probability: 0.01 },
  { kind: 'partial', probability: 0.02 },
] as const satisfies FluentFault[];

const LONGEST_PAUSE_MILLISECONDS = 3_000;

/** Counts the injected faults that the stand-ins do not count themselves. */
export interface Strikes {
  revokedTokens: number;
  laggingQueries: number;
  staleLookUps: number;
  outages: number;
}

/** Injects faults into the stand-ins of both sides until the signal; then removes all faults. */
export async function disturb(
  commercetools: readonly CommercetoolsSandbox[],
  fluent: readonly FluentSandbox[],
  random: Random,
  signal: AbortSignal,
): Promise<Strikes> {
  const strikes: Strikes = { revokedTokens: 0, laggingQueries: 0, staleLookUps: 0, outages: 0 };
  for (const one of commercetools)
    for (const fault of COMMERCETOOLS) one.fault({ ...fault, random: random.next });
  for (const one of fluent) for (const fault of FLUENT) one.faults.on(fault);

  const strike: readonly (() => Promise<void>)[] = [
    async () => {
      strikes.revokedTokens += 1;
      if (random.chance(0.5)) random.pick(commercetools).revokeTokens();
      else random.pick(fluent).revokeTokens();
    },
    async () => {
      const queries = random.between(3, 20);
      strikes.laggingQueries += queries;
      random.pick(commercetools).lagQueries(random.between(200, 1_500), queries);
    },
    async () => {
      const lookUps = random.between(1, 5);
      strikes.staleLookUps += lookUps;
      random.pick(fluent).staleLookups(lookUps);
    },
    async () => {
      if (!random.chance(0.3)) return;
      // Long enough to open the circuits.
      strikes.outages += 1;
      const end = random.chance(0.5)
        ? random.pick(commercetools).fault({ kind: 'status', status: 503 })
        : random.pick(fluent).faults.on({ kind: 'status', status: 503 });
      await wait(random.between(300, 1_200));
      end();
    },
  ];
  while (!signal.aborted) {
    await wait(random.between(200, LONGEST_PAUSE_MILLISECONDS), undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) await random.pick(strike)();
  }
  for (const one of commercetools) {
    one.clearFaults();
    one.lagQueries(0);
  }
  for (const one of fluent) {
    one.faults.off();
    one.staleLookups(0);
  }
  return strikes;
}
