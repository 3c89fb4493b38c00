import { Rejection } from '../outcome.ts';

/** A commercetools notification nests less than 10 levels, the largest resource less than 50. */
export const DEEPEST_LEVEL = 100;
/** A customer has a few hundred values; so many objects and keys take some 40 MB once parsed. */
export const MOST_VALUES = 250_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Rejects (`undecodable`) JSON that would take much more memory parsed than as text, in one pass before it is parsed.
 * What is no JSON may be counted wrong; the parser rejects it then. `where` names it in the Rejection.
 */
export function checkBounds(json: Buffer, where: string): void {
  let depth = 0;
  let values = 0;
  let inString = false;
  // UTF-8 has the bytes looked for here in no other character.
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
      if (depth > DEEPEST_LEVEL) throw exceeded(where, `${DEEPEST_LEVEL} levels of nesting`);
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth -= 1;
    if (values > MOST_VALUES) throw exceeded(where, `${MOST_VALUES} values`);
  }
}

function exceeded(where: string, bound: string): Rejection {
  return new Rejection('undecodable', `${where}: expected JSON with at most ${bound}, found more.`);
}
