import { isUtf8 } from 'node:buffer';
import type { z } from 'zod';
import { Rejection } from '../outcome.ts';

/** A commercetools notification nests fewer than 10 levels, the largest resource fewer than 50. */
export const MAX_LEVELS = 100;
/** A customer has a few hundred values; this many objects and keys take about 40 MB when parsed. */
export const MAX_VALUES = 250_000;

/** The bytes of a string that are checked one by one; `indexOf` searches the rest, 20 times as fast in a long string. */
const LOOPED_BYTES = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const MAX_SHOWN_FAULTS = 5;

/**
 * Parses JSON in UTF-8, within bounds, with or without a byte order mark; `where` names it in the Rejection
 * (`undecodable`).
 */
export function parseJson(bytes: Buffer, where: string): unknown {
  if (!isUtf8(bytes))
    throw new Rejection('undecodable', `${where}: expected JSON in UTF-8, found other bytes.`);
  checkBounds(bytes, where);
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  try {
    return JSON.parse(bytes.toString('utf8', hasMark ? 3 : 0));
  } catch {
    // The parser's message quotes the payload, which may hold personal data.
    throw new Rejection('undecodable', `${where}: expected JSON, found ${bytes.length} bytes that are not.`);
  }
}

/**
 * Rejects (`undecodable`) JSON that would take much more memory when parsed than as text, in one pass before it is parsed.
 * Invalid JSON may be counted wrong, and is rejected by the parser. `where` names it in the Rejection.
 */
export function checkBounds(json: Buffer, where: string): void {
  let depth = 0;
  let values = 0;
  // In UTF-8 these bytes are never part of another character.
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at];
    if (byte === QUOTE) at = endOfString(json, at + 1);
    else if (byte === COMMA) values += 1;
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      values += 1;
      depth += 1;
      if (depth > MAX_LEVELS) throw exceeded(where, `${MAX_LEVELS} levels of nesting`);
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth -= 1;
    if (values > MAX_VALUES) throw exceeded(where, `${MAX_VALUES} values`);
  }
}

/** Where the quote is that ends a string, or the length of the text if there is none; `at` is the string's first byte. */
function endOfString(json: Buffer, at: number): number {
  for (;;) {
    for (const stop = Math.min(at + LOOPED_BYTES, json.length); at < stop; at += 1) {
      if (json[at] === QUOTE) return at;
      if (json[at] === BACKSLASH) at += 1;
    }
    const quote = json.indexOf(QUOTE, at);
    if (quote < 0) return json.length;
    let backslashes = 0;
    while (quote - backslashes > at && json[quote - backslashes - 1] === BACKSLASH) backslashes += 1;
    // An even number of backslashes escapes itself, and not the quote.
    if (backslashes % 2 === 0) return quote;
    at = quote + 1;
  }
}

function exceeded(where: string, bound: string): Rejection {
  return new Rejection('undecodable', `${where}: expected JSON with at most ${bound}, found more.`);
}

/**
 * Decodes base64, the URL-safe alphabet and missing padding included; throws a Rejection (`undecodable`) for anything
 * else.
 */
export function parseBase64(text: string, where: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const digits = text.length - padding;
  // Node skips characters that are not base64, so the result is too short then. This saves a second pass over 10 MB.
  if (digits % 4 !== 1 && bytes.length === Math.floor((digits * 3) / 4)) return bytes;
  throw new Rejection('undecodable', `${where}: expected base64, found a string that is not.`);
}

/** Checks a value against its schema. The Rejection (`undecodable`) names paths and types, never values. */
export function parseShape<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  where: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues
    .slice(0, MAX_SHOWN_FAULTS)
    .map((issue) => `${[where, ...issue.path].join('.')}: ${issue.message}`);
  throw new Rejection('undecodable', `${faults.join('; ')}.`);
}

/** True for a JSON object; false for arrays and null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
