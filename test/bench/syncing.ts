import { START } from '../sandbox/start-command.ts';
import { changes } from './bodies.ts';
import { median, push } from './load.ts';
import { startServer } from './server.ts';
import type { StandIns } from './stand-ins.ts';
import { warm } from './warm.ts';

/** A scenario of syncing. The service has the shipped configuration; only URLs and credentials are set. */
export interface Syncing {
  /** The latency of each upstream request in milliseconds. */
  readonly latency: number;
  /** Pushes in flight. */
  readonly outstanding: number;
  readonly customers: number;
  /** The time of the last change of the customers: at most a minute ago, or a year ago, as in a backlog. */
  readonly age: 'fresh' | 'old';
  /** Changes of each customer; default 1. */
  readonly burst?: number;
  /** Uses one request for each customer: `FLUENT_BATCH=1`. */
  readonly batchesOff?: boolean;
  /** Starts without the settings of `npm start`. */
  readonly leftAlone?: boolean;
}

/** A scenario and its results. */
export type Synced = Syncing & {
  /** Customers a second. */
  readonly rate: number;
  /** Pushes that were not answered 204. */
  readonly refused: number;
  readonly p50: number;
  readonly p99: number;
  readonly callsAnEvent: number;
  readonly cpuMicroseconds: number;
  /** Of one core. */
  readonly cores: number;
  readonly peakMegabytes: number;
};

const A_YEAR_AGO = new Date(Date.now() - 365 * 86_400_000).toISOString();

/** The time of the last change of customers with this age. */
export function changedAt(age: Syncing['age']): string {
  return age === 'old' ? A_YEAR_AGO : new Date().toISOString();
}

/** Syncs customers, from push to acknowledgement, with a new service for each round; medians. */
export async function syncing(standIns: StandIns, scenario: Syncing, rounds: number): Promise<Synced> {
  const all: Synced[] = [];
  for (let round = 0; round < rounds; round += 1) all.push(await syncOnce(standIns, scenario));
  const of = (figure: (synced: Synced) => number) => median(all.map(figure));
  return {
    ...scenario,
    rate: of(({ rate }) => rate),
    // A refusal in one of many rounds still counts.
    refused: Math.max(...all.map(({ refused }) => refused)),
    p50: of(({ p50 }) => p50),
    p99: of(({ p99 }) => p99),
    callsAnEvent: of(({ callsAnEvent }) => callsAnEvent),
    cpuMicroseconds: of(({ cpuMicroseconds }) => cpuMicroseconds),
    cores: of(({ cores }) => cores),
    peakMegabytes: of(({ peakMegabytes }) => peakMegabytes),
  };
}

async function syncOnce(standIns: StandIns, scenario: Syncing): Promise<Synced> {
  const { latency, outstanding, customers, age, burst = 1, batchesOff, leftAlone } = scenario;
  await standIns.latency(latency);
  const projectKey = standIns.environment['CTP_PROJECT_KEY'] ?? '';
  const bodies = changes(await standIns.seed(customers, changedAt(age)), projectKey, burst);
  const service = await startServer(leftAlone ? START.slice(-1) : START, {
    ...standIns.environment,
    ...(batchesOff && { FLUENT_BATCH: '1' }),
  });
  try {
    await warm(standIns, service);
    const [callsBefore, cpuBefore] = [await standIns.calls(), await service.cpuSeconds()];
    const { seconds, pushes, acknowledged, median: p50, p99 } = await push(service.push, bodies, outstanding);
    const cpu = (await service.cpuSeconds()) - cpuBefore;
    return {
      ...scenario,
      rate: customers / seconds,
      refused: pushes - acknowledged,
      p50,
      p99,
      callsAnEvent: ((await standIns.calls()) - callsBefore) / pushes,
      cpuMicroseconds: (cpu / pushes) * 1e6,
      cores: cpu / seconds,
      peakMegabytes: await service.peakMegabytes(),
    };
  } finally {
    await service.stop();
  }
}
