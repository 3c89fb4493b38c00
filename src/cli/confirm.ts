import { createInterface } from 'node:readline';
import type { Io } from './io.ts';

/** Asks on the error stream and reads one line; only `y` or `yes` is a yes, and the end of the input is a no. */
export async function confirm(io: Io, question: string): Promise<boolean> {
  io.err(`${question} [y/N]`);
  const lines = createInterface({ input: io.stdin });
  const end = () => lines.close();
  io.signal.addEventListener('abort', end, { once: true });
  try {
    for await (const line of lines) return /^y(es)?$/i.test(line.trim());
    return false;
  } finally {
    io.signal.removeEventListener('abort', end);
    lines.close();
  }
}
