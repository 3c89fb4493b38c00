import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';

/** The results of a load. Times are in milliseconds, from sending a push to its response. */
export interface Load {
  readonly seconds: number;
  readonly pushes: number;
  readonly acknowledged: number;
  readonly median: number;
  readonly p99: number;
}

const LONGEST_PUSH_MILLISECONDS = 120_000;

/** The user agent of EventBridge, which uses a connection for each event. */
const EVENT_BRIDGE = { 'user-agent': 'Amazon/EventBridge/ApiDestinations' };

/** Like `push`, but with a connection for each push, like EventBridge. */
export function pushApart(url: string, bodies: readonly string[], outstanding: number): Promise<Load> {
  return push(url, bodies, outstanding, true);
}

/** Keeps `outstanding` pushes in flight until all bodies are sent and answered. */
export async function push(
  url: string,
  bodies: readonly string[],
  outstanding: number,
  isApart = false,
): Promise<Load> {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: outstanding, headersTimeout: LONGEST_PUSH_MILLISECONDS });
  const times: number[] = [];
  let acknowledged = 0;
  let next = 0;
  const headers = { 'content-type': 'application/json', ...(isApart && EVENT_BRIDGE) };
  const startedAt = performance.now();

  async function work(): Promise<void> {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
      const sentAt = performance.now();
      const answer = await pool.request({ method: 'POST', path: pathname, headers, body, reset: isApart });
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

/** The results of an offered load that did not wait for responses. */
export interface Offered {
  readonly offeredASecond: number;
  /** Acknowledged pushes a second, from the time when the queue was full until the end of the load. */
  readonly acknowledgedASecond: number;
  readonly acknowledged: number;
  /** By HTTP status. */
  readonly answers: Readonly<Record<number, number>>;
}

const TICK_MILLISECONDS = 10;
const FILLING_MILLISECONDS = 2_000;

/** Sends the bodies at a fixed rate, independent of the responses. */
export async function offer(url: string, bodies: readonly string[], aSecond: number): Promise<Offered> {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: 4_000, headersTimeout: LONGEST_PUSH_MILLISECONDS });
  const headers = { 'content-type': 'application/json' };
  const answers: Record<number, number> = {};
  const acknowledgedAt: number[] = [];
  const startedAt = performance.now();

  async function send(body: string): Promise<void> {
    const { statusCode, body: text } = await pool.request({ method: 'POST', path: pathname, headers, body });
    await text.dump();
    answers[statusCode] = (answers[statusCode] ?? 0) + 1;
    if (statusCode === 204) acknowledgedAt.push(performance.now() - startedAt);
  }

  const sent: Promise<void>[] = [];
  while (sent.length < bodies.length) {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * aSecond);
    for (const body of bodies.slice(sent.length, due)) sent.push(send(body));
    await sleep(TICK_MILLISECONDS);
  }
  const offered = performance.now() - startedAt;
  await Promise.all(sent);
  await pool.close();
  const counted = acknowledgedAt.filter((at) => at >= FILLING_MILLISECONDS && at < offered).length;
  return {
    offeredASecond: bodies.length / (offered / 1000),
    acknowledgedASecond: counted / ((offered - FILLING_MILLISECONDS) / 1000),
    acknowledged: acknowledgedAt.length,
    answers,
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
