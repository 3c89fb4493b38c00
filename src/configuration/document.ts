import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type YAMLError,
} from 'yaml';
import type { Fault } from './faults.ts';

/** A path of keys and positions inside the file, as zod gives it. */
export type Path = readonly PropertyKey[];

/** A YAML file with the way back from every value to its line. */
export interface SourceDocument {
  readonly document: Document.Parsed;
  /** `file:line:column` of a position in the text. */
  at(offset: number): string;
  /** `file:line:column` of the value at the path, or of the nearest thing around it that is there. */
  locate(path: Path): string;
  /** `file:line:column` of a key in the mapping at the path. */
  locateKey(path: Path, key: string): string;
  readonly faults: readonly Fault[];
}

/** Parses YAML. Faults of syntax name their place and kind but never quote the text, which may be a secret. */
export function parseSource(file: string, text: string): SourceDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  };
  return {
    document,
    at,
    locate: (path) => at(offsetOf(document, path, false)),
    locateKey: (path, key) => at(offsetOf(document, [...path, key], true)),
    faults: [...document.errors, ...document.warnings].map((error) => syntaxFault(error, at)),
  };
}

function syntaxFault(error: YAMLError, at: (offset: number) => string): Fault {
  return {
    where: at(error.pos[0]),
    expected: error.code === 'DUPLICATE_KEY' ? 'each key once' : 'YAML',
    found: error.code.toLowerCase().replaceAll('_', ' '),
    advice:
      'Quote a text that holds ": " or " #" or starts with one of * & ! | > % @ `, and indent with spaces.',
  };
}

// A mapping or list starts on the line after its key, so it is the key that a person looks for.
function offsetOf(document: Document.Parsed, path: Path, key: boolean): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range?.[0] ?? 0;
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (!pair) break;
      node = pair.value;
      const wanted = isScalar(node) && !(key && depth === path.length - 1) ? node : pair.key;
      offset = rangeOf(wanted) ?? offset;
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step];
      offset = rangeOf(node) ?? offset;
    } else break;
  }
  return offset;
}

function rangeOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined;
}
