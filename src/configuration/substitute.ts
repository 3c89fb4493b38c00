import { isNode, visit } from 'yaml';
import type { SourceDocument } from './document.ts';
import type { Fault } from './faults.ts';

// Narrow on purpose: JSONata writes `$` and `${` too, and that must pass untouched.
const PLACEHOLDER = /\$\{([A-Z][A-Z0-9_]*)(?::-([^}]*))?\}/g;

/**
 * Replaces `${NAME}` and `${NAME:-default}` in the values of a parsed document, in place. Values are inserted after parsing
 * and once, so YAML and placeholders in them have no effect. Empty means not set; a missing variable is a fault. `replaced`
 * has the positions of inserted values, which may be secrets; `names` has the variables in the document.
 */
export function substitute(
  { document, at }: Pick<SourceDocument, 'document' | 'at'>,
  env: Readonly<Record<string, string | undefined>>,
): {
  readonly faults: Fault[];
  readonly replaced: ReadonlySet<string>;
  readonly names: ReadonlySet<string>;
} {
  const faults: Fault[] = [];
  const replaced = new Set<string>();
  const names = new Set<string>();
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string') return;
      node.value = node.value.replace(PLACEHOLDER, (placeholder, name: string, fallback?: string) => {
        names.add(name);
        // A secret mounted from a file often ends in a line break, and no credential does.
        const value = env[name]?.replace(/[\r\n]+$/, '');
        if (value) {
          replaced.add(at(node.range?.[0] ?? 0));
          return value;
        }
        if (fallback !== undefined) return fallback;
        faults.push({
          where: at(node.range?.[0] ?? 0),
          expected: `the environment variable ${name}`,
          found: 'nothing',
          advice: `Set ${name}, or write \${${name}:-default} to do without it.`,
        });
        return placeholder;
      });
    },
  });
  return { faults, replaced, names };
}

/** Makes numbers and the like under a top-level key the text that they were written as: `retailerId: 1`, `password: 007`. */
export function digitsAreText({ document }: Pick<SourceDocument, 'document'>, key: string): void {
  const root = document.get(key, true);
  if (!isNode(root)) return;
  visit(root, {
    Scalar(position, node) {
      if (position === 'key' || typeof node.value === 'string' || node.value === null) return;
      node.value = node.source ?? node.value;
    },
  });
}
