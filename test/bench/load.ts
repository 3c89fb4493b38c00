import { Pool } from 'undici';

/** What a load has seen. Times are in milliseconds, from sending a push to its answer. */
export interface Load {
  readonly seconds: number;
  readonly pushes: number;
  readonly acknowledged: number;
  readonly median: number;
  readonly p99: number;
}

const LONGEST_PUSH_MILLISECONDS = 120_000;

/** Keeps `outstanding` pushes under way until all bodies are sent and answered. */
export async function push(url: string, bodies: readonly string[], outstanding: number): Promise<Load> {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: outstanding, headersTimeout: LONGEST_PUSH_MILLISECONDS });
  const times: number[] = [];
  let acknowledged = 0;
  let next = 0;
  const headers = { 'content-type': 'application/json' };
  const startedAt = performance.now();

  async function work(): Promise<void> {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
      const sentAt = performance.now();
      const answer = await pool.request({ method: 'POST', path: pathname, headers, body });
      await answer.body.dump();
      times.push(performance.now() - sentAt);
      if (answer.statusCode === 204) acknowledged += 1;
    }
  }

  await Promise.all(Array.from({ length: outstanding }, work));
  const seconds = (performance.now() - startedAt) / 1000;
  await pool.close();
  times.sort((one, other) => one - other);
  return {
    seconds,
    pushes: times.length,
    acknowledged,
    median: quantile(times, 0.5),
    p99: quantile(times, 0.99),
  };
}

/** The value at a share of a sorted list. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((one, other) => one - other),
    0.5,
  );
}
