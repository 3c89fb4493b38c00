import { readFile } from 'node:fs/promises';

/** Whether this system says how much memory a process has had: Linux does, in `/proc`. */
export const MEMORY_IS_KNOWN = process.platform === 'linux';

/** The most resident memory that a process has had so far, in megabytes. */
export async function peakMegabytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
}
