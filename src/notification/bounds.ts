import { Rejection } from '../outcome.ts';

/** A commercetools notification nests fewer than 10 levels, the largest resource fewer than 50. */
export const MAX_LEVELS = 100;
/** A customer has a few hundred values; this many objects and keys take about 40 MB when parsed. */
export const MAX_VALUES = 250_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Rejects (`undecodable`) JSON that would take much more memory when parsed than as text, in one pass before it is parsed.
 * Invalid JSON may be counted wrong, and is rejected by the parser. `where` names it in the Rejection.
 */
export function checkBounds(json: Buffer, where: string): void {
  let depth = 0;
  let values = 0;
  let inString = false;
  // In UTF-8 these bytes are never part of another character.
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at];
    if (inString) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) inString = false;
      continue;
    }
    if (byte === QUOTE) inString = true;
    else if (byte === COMMA) values += 1;
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      values += 1;
      depth += 1;
      if (depth > MAX_LEVELS) throw exceeded(where, `${MAX_LEVELS} levels of nesting`);
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth -= 1;
    if (values > MAX_VALUES) throw exceeded(where, `${MAX_VALUES} values`);
  }
}

function exceeded(where: string, bound: string): Rejection {
  return new Rejection('undecodable', `${where}: expected JSON with at most ${bound}, found more.`);
}
