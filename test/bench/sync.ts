import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { startStandIns } from './stand-ins.ts';
import { changedAt } from './syncing.ts';

const ROOT = join(import.meta.dirname, '../..');
const LATENCY_MILLISECONDS = 20;
const COUNTS = [5_000, 50_000] as const;

const Result = z.object({ finished: z.literal(true), ended: z.number() });

/** The results of one `sync`. */
export interface Measured {
  readonly customers: number;
  readonly seconds: number;
  readonly callsACustomer: number;
  readonly peakMegabytes: number;
}

/** Measures `sync` of this number of customers, which do not exist in Fluent, as a separate process. */
export async function measureSync(customers: number): Promise<Measured> {
  const standIns = await startStandIns();
  const cwd = await mkdtemp(join(tmpdir(), 'customer-sync-'));
  try {
    await standIns.seed(customers, changedAt('old'));
    await standIns.latency(LATENCY_MILLISECONDS);
    const startedAt = performance.now();
    const child = spawn(process.execPath, [join(ROOT, 'src/cli/customer-sync.js'), 'sync', '--json'], {
      cwd,
      env: {
        PATH: process.env['PATH'],
        CONNECTOR_CONFIG: join(ROOT, 'config/connector.yml'),
        ...standIns.environment,
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let out = '';
    child.stdout.on('data', (text) => {
      out += text;
    });
    let peak = 0;
    const ended = once(child, 'close');
    while (child.exitCode === null && child.signalCode === null) {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
      await sleep(50);
    }
    await ended;
    const seconds = (performance.now() - startedAt) / 1000;
    Result.parse(JSON.parse(out));
    return { customers, seconds, callsACustomer: (await standIns.calls()) / customers, peakMegabytes: peak };
  } finally {
    standIns.stop();
    await rm(cwd, { recursive: true, force: true });
  }
}

/** Measures both sizes. */
export async function benchSync(counts: readonly number[] = COUNTS): Promise<Measured[]> {
  const all: Measured[] = [];
  for (const count of counts) all.push(await measureSync(count));
  return all;
}
