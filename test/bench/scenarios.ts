import { START } from '../sandbox/start-command.ts';
import { changes, ignored, ignoredEvents } from './bodies.ts';
import { median, push, pushApart } from './load.ts';
import { type Server, startServer } from './server.ts';
import type { StandIns } from './stand-ins.ts';
import { warm } from './warm.ts';

const BARE = ['test/bench/bare.ts'];

/** Pushes a second through authenticate, decode and route, and through bare Fastify; alternating, medians of the rounds. */
export async function receiving(standIns: StandIns, rounds: number, pushes: number) {
  return inTurns(standIns, rounds, ignored(pushes), push);
}

/** The same for events of EventBridge, each over its own connection. */
export async function receivingApart(standIns: StandIns, rounds: number, pushes: number) {
  return inTurns(standIns, rounds, ignoredEvents(pushes), pushApart);
}

async function inTurns(
  standIns: StandIns,
  rounds: number,
  bodies: readonly string[],
  load: typeof pushApart,
) {
  const service = await startServer(START, standIns.environment);
  const bare = await startServer(BARE);
  try {
    for (const server of [service, bare]) await load(server.push, bodies, 50);
    const rates: { service: number; bare: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const one = await load(service.push, bodies, 50);
      const other = await load(bare.push, bodies, 50);
      rates.push({ service: one.pushes / one.seconds, bare: other.pushes / other.seconds });
    }
    return {
      service: median(rates.map((rate) => rate.service)),
      bare: median(rates.map((rate) => rate.bare)),
      ratio: median(rates.map((rate) => rate.service / rate.bare)),
    };
  } finally {
    await Promise.all([service.stop(), bare.stop()]);
  }
}

/**
 * Pushes a second with metrics and page on, scraped and watched, relative to those with both off. The cost is smaller than the
 * difference between two processes of one program, and than the variation of a shared machine. So several pairs of processes
 * are measured, alternating in turns of some tenths of a second, and the result is the median of all turns.
 */
export async function observing(standIns: StandIns, pairs: number, turns: number, pushes: number) {
  const bodies = ignored(pushes);
  const ratios: { rate: number; cpu: number }[] = [];
  async function measured(server: Server) {
    const before = await server.cpuSeconds();
    const { seconds } = await push(server.push, bodies, 50);
    return { seconds, cpu: (await server.cpuSeconds()) - before };
  }
  for (let pair = 0; pair < pairs; pair += 1) {
    const on = await startServer(START, { ...standIns.environment, METRICS: 'on', DASHBOARD: 'on' });
    const off = await startServer(START, { ...standIns.environment, METRICS: 'off', DASHBOARD: 'off' });
    const watching = new AbortController();
    try {
      const page = await fetch(`${on.url}/dashboard/events`, { signal: watching.signal });
      void page.body?.pipeTo(new WritableStream()).catch(() => {});
      await (await fetch(`${on.url}/metrics`)).text();
      // The time of the compiler for the first thousands is not part of the comparison.
      for (const server of [on, off, on, off, on, off]) await push(server.push, bodies, 50);
      for (let turn = 0; turn < turns; turn += 1) {
        const first = turn % 2 === 0 ? await measured(on) : undefined;
        const without = await measured(off);
        const watched = first ?? (await measured(on));
        ratios.push({ rate: without.seconds / watched.seconds, cpu: watched.cpu / without.cpu });
      }
    } finally {
      watching.abort();
      await Promise.all([on.stop(), off.stop()]);
    }
  }
  return { rate: median(ratios.map(({ rate }) => rate)), cpu: median(ratios.map(({ cpu }) => cpu)) };
}

/** Processor time of a push to bare Fastify, the baseline for a synced event. */
export async function bareCpu(pushes: number): Promise<number> {
  const bare = await startServer(BARE);
  try {
    await push(bare.push, ignored(2_000), 50);
    const before = await bare.cpuSeconds();
    await push(bare.push, ignored(pushes), 1000);
    return (((await bare.cpuSeconds()) - before) / pushes) * 1e6;
  } finally {
    await bare.stop();
  }
}

/** Milliseconds from push to 204 for one event on an idle service, the median of several. */
export async function alone(standIns: StandIns, latency: number, times: number): Promise<number> {
  await standIns.latency(latency);
  const customers = await standIns.seed(times);
  const service = await startServer(START, standIns.environment);
  try {
    await warm(standIns, service);
    const load = await push(
      service.push,
      changes(customers, standIns.environment['CTP_PROJECT_KEY'] ?? ''),
      1,
    );
    return load.median;
  } finally {
    await service.stop();
  }
}

/** Milliseconds from the start of the process to its first 204; alternating, medians. */
export async function starting(standIns: StandIns, rounds: number) {
  const [body = ''] = ignored(1);
  const times: { service: number; bare: number }[] = [];
  async function first(file: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
    const startedAt = performance.now();
    const server = await startServer(file, env);
    const { acknowledged } = await push(server.push, [body], 1);
    const took = performance.now() - startedAt;
    await server.stop();
    if (acknowledged !== 1) throw new Error('Expected the first push to be answered 204.');
    return took;
  }
  // The first start fills Node's compile cache, like the first start of a container image.
  for (let round = -1; round < rounds; round += 1) {
    const pair = { service: await first(START, standIns.environment), bare: await first(BARE, {}) };
    if (round >= 0) times.push(pair);
  }
  return {
    service: median(times.map((time) => time.service)),
    bare: median(times.map((time) => time.bare)),
    ratio: median(times.map((time) => time.service / time.bare)),
  };
}

/** Processor time for an event, for more and more events in one process: it must not grow. */
export async function scale(standIns: StandIns, sizes: readonly number[]) {
  await standIns.latency(0);
  const rows: { events: number; cpuMicroseconds: number; peakMegabytes: number }[] = [];
  for (const events of sizes) {
    const service = await startServer(START, standIns.environment);
    try {
      // The compiler makes the first thousands slower.
      await push(
        service.push,
        changes(await standIns.seed(5_000), standIns.environment['CTP_PROJECT_KEY'] ?? ''),
        500,
      );
      const bodies = changes(await standIns.seed(events), standIns.environment['CTP_PROJECT_KEY'] ?? '');
      const before = await service.cpuSeconds();
      await push(service.push, bodies, 500);
      const cpuMicroseconds = (((await service.cpuSeconds()) - before) / events) * 1e6;
      rows.push({ events, cpuMicroseconds, peakMegabytes: await service.peakMegabytes() });
    } finally {
      await service.stop();
    }
  }
  return rows;
}
