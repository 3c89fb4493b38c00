import { createRequire } from 'node:module';
import type { Matcher, RE2JS } from 're2js';

/** A larger program takes long for each character; `[a-z]{1,1000}` has 2,000 instructions. */
const MAX_INSTRUCTIONS = 1_000;

/** The characters of JavaScript's `\s`. RE2's `\s` is ASCII only, and customer data contains no-break spaces. */
const SPACES =
  '\\t-\\r \\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}\\x{FEFF}';
const OTHERS =
  '\\x00-\\x08\\x0E-\\x1F!-\\x{9F}\\x{A1}-\\x{167F}\\x{1681}-\\x{1FFF}\\x{200B}-\\x{2027}\\x{202A}-\\x{202E}' +
  '\\x{2030}-\\x{205E}\\x{2060}-\\x{2FFF}\\x{3001}-\\x{FEFE}\\x{FF00}-\\x{10FFFF}';

let loaded: typeof import('re2js') | undefined;

/** Loads the engine only for a mapping with a regular expression, because it takes about 8 MB and 8 ms. */
function load(): typeof import('re2js') {
  loaded ??= createRequire(import.meta.url)('re2js');
  if (!loaded) throw new Error('Expected the package re2js to be installed.');
  return loaded;
}

/**
 * Compiles a regular expression for an engine whose time is linear in the length of the text. Throws for features that need
 * backtracking. Unlike JavaScript's engine, it never matches half of a surrogate pair.
 */
export function compileLinear(literal: RegExp): RE2JS {
  const { RE2JS: Engine } = load();
  const flags = `${literal.ignoreCase ? 'i' : ''}${literal.multiline ? 'm' : ''}`;
  const pattern = Engine.compile(
    `${flags && `(?${flags})`}${Engine.translateRegExp(withSpaces(literal.source))}`,
  );
  if (pattern.programSize() > MAX_INSTRUCTIONS)
    throw new Error(`it takes ${pattern.programSize()} instructions, ${MAX_INSTRUCTIONS} are allowed`);
  return pattern;
}

function withSpaces(source: string): string {
  let isInClass = false;
  return source.replace(/\\[\s\S]|[[\]]/g, (found) => {
    if (found === '[') isInClass = true;
    else if (found === ']') isInClass = false;
    else if (found === '\\s') return isInClass ? SPACES : `[${SPACES}]`;
    else if (found === '\\S') return isInClass ? OTHERS : `[${OTHERS}]`;
    return found;
  });
}

/** The part of `RegExp` that JSONata uses: finds the next match from `lastIndex` on. */
class Search {
  lastIndex = 0;
  readonly #pattern: RE2JS;
  #text: string | undefined;
  #matcher: Matcher | undefined;

  constructor(pattern: RE2JS) {
    this.#pattern = pattern;
  }

  exec(text: string): ((string | undefined)[] & { index: number }) | null {
    if (this.#text !== text || !this.#matcher) this.#matcher = this.#pattern.matcher(text);
    this.#text = text;
    const matcher = this.#matcher;
    if (this.lastIndex > text.length || !matcher.find(this.lastIndex)) {
      this.lastIndex = 0;
      return null;
    }
    this.lastIndex = matcher.end();
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, n) => matcher.group(n) ?? undefined);
    return Object.assign(groups, { index: matcher.start() });
  }
}

/**
 * Returns a class for JSONata's option `RegexEngine`, which constructs it from each literal; `compiled` maps the literals to
 * compiled expressions. It is a proxy, because no class of ours can have the required type `RegExpConstructor`.
 */
export function searchInstead(compiled: ReadonlyMap<unknown, RE2JS>): RegExpConstructor {
  return new Proxy(RegExp, {
    construct(_target, [literal]) {
      const pattern = compiled.get(literal);
      if (!pattern) throw new Error('Expected a regular expression of the mapping.');
      return new Search(pattern);
    },
  });
}
