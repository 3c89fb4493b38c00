import { monitorEventLoopDelay } from 'node:perf_hooks';
import type * as Prometheus from 'prom-client';

const RESOLUTION_MILLISECONDS = 10;
const MICROSECONDS = 1e6;
const NANOSECONDS = 1e9;

/**
 * Adds metrics of processor time, memory and event loop, with the names of prom-client's default metrics. Those also observe
 * every garbage collection, which costs receiving 2 %.
 */
export function collectProcessMetrics(
  { Counter, Gauge }: Pick<typeof Prometheus, 'Counter' | 'Gauge'>,
  registry: Prometheus.Registry,
): void {
  const registers = [registry];
  const counter = (name: string, help: string, read: () => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  const { cpuUsage, memoryUsage } = process;

  counter('process_cpu_user_seconds_total', 'Processor time in user mode.', () => {
    return cpuUsage().user / MICROSECONDS;
  });
  counter('process_cpu_system_seconds_total', 'Processor time in system mode.', () => {
    return cpuUsage().system / MICROSECONDS;
  });
  counter('process_cpu_seconds_total', 'Processor time, user and system.', () => {
    const { user, system } = cpuUsage();
    return (user + system) / MICROSECONDS;
  });
  const startedAt = Math.round(Date.now() / 1000 - process.uptime());
  gauge('process_start_time_seconds', 'When the process started, in seconds since 1970.', () => startedAt);
  gauge('process_resident_memory_bytes', 'Resident memory.', () => memoryUsage.rss());
  gauge('nodejs_heap_size_total_bytes', "Size of JavaScript's heap.", () => {
    return memoryUsage().heapTotal;
  });
  gauge('nodejs_heap_size_used_bytes', "Used part of JavaScript's heap.", () => memoryUsage().heapUsed);
  gauge('nodejs_external_memory_bytes', 'Memory of JavaScript objects outside of the heap.', () => {
    return memoryUsage().external;
  });

  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MILLISECONDS });
  delay.enable();
  gauge('nodejs_eventloop_lag_mean_seconds', 'Delay of the event loop since the last scrape, mean.', () => {
    return seconds(delay.mean);
  });
  gauge('nodejs_eventloop_lag_p50_seconds', 'Likewise, median.', () => seconds(delay.percentile(50)));
  gauge('nodejs_eventloop_lag_p99_seconds', 'Likewise, 99th percentile.', () =>
    seconds(delay.percentile(99)),
  );
  // Read last, so it resets the measurement.
  gauge('nodejs_eventloop_lag_max_seconds', 'Likewise, longest.', () => {
    const longest = seconds(delay.max);
    delay.reset();
    return longest;
  });
  new Gauge({
    name: 'nodejs_version_info',
    help: 'The version of Node.',
    labelNames: ['version'],
    registers,
  }).set({ version: process.version }, 1);
}

/** Converts to seconds; NaN, which an empty histogram returns, becomes 0. */
function seconds(nanoseconds: number): number {
  return Number.isFinite(nanoseconds) ? nanoseconds / NANOSECONDS : 0;
}
