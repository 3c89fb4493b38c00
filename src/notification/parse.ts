import { isUtf8 } from 'node:buffer';
import type { z } from 'zod';
import { Rejection } from '../outcome.ts';
import { checkBounds } from './bounds.ts';

const SHOWN_FAULTS = 5;

/** Parses JSON in UTF-8, within bounds, with or without a byte order mark; `where` names it in the Rejection (`undecodable`). */
export function parseJson(bytes: Buffer, where: string): unknown {
  if (!isUtf8(bytes))
    throw new Rejection('undecodable', `${where}: expected JSON in UTF-8, found other bytes.`);
  checkBounds(bytes, where);
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  try {
    return JSON.parse(bytes.toString('utf8', marked ? 3 : 0));
  } catch {
    // The parser's own message quotes the payload, and that may be a person's data.
    throw new Rejection('undecodable', `${where}: expected JSON, found ${bytes.length} bytes that are not.`);
  }
}

/** Decodes base64, the URL-safe alphabet and missing padding included; throws a Rejection (`undecodable`) for anything else. */
export function parseBase64(text: string, where: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const digits = text.length - padding;
  // Node skips what is not base64, so a result that is too short is the sign of it: no second pass over 10 MB.
  if (digits % 4 !== 1 && bytes.length === Math.floor((digits * 3) / 4)) return bytes;
  throw new Rejection('undecodable', `${where}: expected base64, found a string that is not.`);
}

/** Checks a value against its schema; the Rejection (`undecodable`) tells paths, expected and found types, never values. */
export function parseShape<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  where: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues
    .slice(0, SHOWN_FAULTS)
    .map((issue) => `${[where, ...issue.path].join('.')}: ${issue.message}`);
  throw new Rejection('undecodable', `${faults.join('; ')}.`);
}

/** Tells a JSON object from everything else, arrays and null included. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
