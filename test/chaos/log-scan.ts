import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { z } from 'zod';
import { PERSONAL } from './people.ts';

const CHANNEL = 'http.server.request.start';
const Started = z.object({
  request: z.object({ headers: z.object({ authorization: z.string().optional() }) }),
});

/** Collects every token in requests to this process's servers: the service uses them, and must not log them. */
export function collectTokens(): { readonly tokens: ReadonlySet<string>; stop(): void } {
  const tokens = new Set<string>();
  function look(message: unknown): void {
    const token = Started.safeParse(message).data?.request.headers.authorization?.split(' ')[1];
    if (token) tokens.add(token);
  }
  subscribe(CHANNEL, look);
  return { tokens, stop: () => unsubscribe(CHANNEL, look) };
}

/** Finds what a log must not contain: personal data, secrets, and messages about unhandled rejections. */
export function scanLog(output: string, secrets: Iterable<string>): string[] {
  const leaks: string[] = [];
  for (const pattern of PERSONAL)
    for (const line of linesWith(output, pattern)) leaks.push(`personal (${pattern}): ${shown(line)}`);
  for (const secret of secrets) {
    // The secret itself is not printed either.
    if (output.includes(secret))
      leaks.push(`secret: one of ${secret.length} characters, beginning ${secret.slice(0, 4)}`);
  }
  for (const line of linesWith(output, /unhandled ?(promise )?rejection|that nothing (caught|handles)/i))
    leaks.push(`unhandled exception: ${shown(line)}`);
  return leaks;
}

function linesWith(output: string, pattern: RegExp): string[] {
  if (!pattern.test(output)) return [];
  return output.split('\n').filter((line) => pattern.test(line));
}

function shown(line: string): string {
  return line.length <= 300 ? line : `${line.slice(0, 300)}…`;
}
