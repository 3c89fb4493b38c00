import { readFile } from 'node:fs/promises';

/** True if the system reports the peak memory of a process: Linux does, in `/proc`. */
export const MEMORY_IS_KNOWN = process.platform === 'linux';

/** The peak resident memory of a process, in megabytes. */
export async function peakMegabytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
}
