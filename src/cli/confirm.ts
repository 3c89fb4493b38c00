import { createInterface } from 'node:readline';
import type { Io } from './io.ts';

/**
 * Prints a question on the error stream and reads one line. Returns true only for `y` or `yes`; false at the end of the input.
 */
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
