import { UpstreamFault } from './fault.ts';

/** Parses an upstream's response. Anything but JSON, as from a failing gateway, is a transient fault. */
export function readJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UpstreamFault(
      'transient',
      'unreadable-answer',
      `Expected JSON from ${name}, got something else.`,
    );
  }
}

/** As `readJson`, for responses that are always an object. */
export function readObject(name: string, text: string): Record<string, unknown> {
  const value = readJson(name, text);
  if (isObject(value)) return value;
  throw new UpstreamFault(
    'transient',
    'unreadable-answer',
    `Expected a JSON object from ${name}, got another value.`,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
