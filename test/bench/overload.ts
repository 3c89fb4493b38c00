import { START } from '../sandbox/start-command.ts';
import { changes } from './bodies.ts';
import { offer, push } from './load.ts';
import { startServer } from './server.ts';
import type { StandIns } from './stand-ins.ts';
import { changedAt } from './syncing.ts';
import { warm } from './warm.ts';

/** The results of a service that is offered several times its maximum load. */
export interface Overload {
  /** Customers a second with 1,000 pushes in flight, just before. */
  readonly fullRate: number;
  readonly offeredASecond: number;
  readonly acknowledgedASecond: number;
  readonly answers: Readonly<Record<number, number>>;
  /** The number of times that a circuit opened. */
  readonly circuitsOpened: number;
  readonly peakMegabytes: number;
}

const OUTSTANDING = 1_000;

/** Measures the throughput at full load, and then offers `times` as much for some seconds. */
export async function overload(
  standIns: StandIns,
  { latency, times, seconds }: { latency: number; times: number; seconds: number },
): Promise<Overload> {
  await standIns.latency(latency);
  const projectKey = standIns.environment['CTP_PROJECT_KEY'] ?? '';
  const bodies = async (count: number) => changes(await standIns.seed(count, changedAt('old')), projectKey);
  const service = await startServer(START, standIns.environment);
  try {
    await warm(standIns, service);
    const full = await push(service.push, await bodies(8_000), OUTSTANDING);
    const fullRate = full.pushes / full.seconds;
    const offered = await offer(
      service.push,
      await bodies(Math.round(fullRate * times * seconds)),
      fullRate * times,
    );
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    const opened = metrics.matchAll(/^customer_sync_circuit_changes_total\{.*state="open"\} (\d+)$/gm);
    return {
      fullRate,
      offeredASecond: offered.offeredASecond,
      acknowledgedASecond: offered.acknowledgedASecond,
      answers: offered.answers,
      circuitsOpened: [...opened].reduce((sum, [, count]) => sum + Number(count), 0),
      peakMegabytes: await service.peakMegabytes(),
    };
  } finally {
    await service.stop();
  }
}
