import { z } from 'zod';

const Line = z.looseObject({ severity: z.string(), time: z.string(), message: z.string().optional() });
const SAID = new Set(['severity', 'time', 'message', 'event', 'projectKey', 'messageId', 'kind', 'attempt']);

/** Formats a log line for a person; other output is unchanged. */
export function readable(text: string): string {
  const line = parse(text);
  if (!line) return text;
  const { severity, time, message, ...rest } = line;
  const details = Object.entries(rest)
    .filter(([name]) => !SAID.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return [time.slice(11, 23), severity.padEnd(7), message ?? '', ...details].join('  ');
}

/** The resource whose event ended with this line, as in `customer/<id>`. */
export function resourceOf(text: string): string | undefined {
  const line = parse(text);
  return line?.['outcome'] !== undefined && typeof line['resource'] === 'string'
    ? line['resource']
    : undefined;
}

function parse(text: string): z.output<typeof Line> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return Line.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
