import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { ConfigurationError, type Fault } from '../configuration-error.ts';
import type { Handler } from '../handler.ts';

/** A handler and where it came from. */
export interface LoadedHandler {
  readonly name: string;
  readonly handler: Handler;
  /** Below the handlers' folder, as in `custom/customer-upsert`. */
  readonly source: string;
  /** The source of the shipped handler that it takes the place of. */
  readonly replaces?: string;
}

const Shape = z.object({
  description: z.string(),
  props: z.instanceof(z.ZodType),
  readsCurrentState: z.boolean(),
  create: z.function(),
});

/**
 * Loads every handler of a folder: `<name>.ts`, `<name>.js`, or `<name>/index.ts`; those in `custom/` replace shipped ones.
 * Throws a `ConfigurationError` with every file that cannot be loaded or is no handler.
 */
export async function loadHandlers(folder: string): Promise<Map<string, LoadedHandler>> {
  const faults: Fault[] = [];
  const handlers = new Map<string, LoadedHandler>();
  for (const source of [...(await candidates(folder, '')), ...(await candidates(folder, 'custom'))]) {
    const name = source.replace(/^custom\//, '').replace(/\.[jt]s$/, '');
    const loaded = await load(folder, source);
    if ('fault' in loaded) {
      faults.push(loaded.fault);
      continue;
    }
    const shipped = handlers.get(name);
    if (shipped && shipped.source.startsWith('custom/') === source.startsWith('custom/'))
      faults.push({
        where: `handlers/${source}`,
        expected: 'one handler of each name',
        found: `handlers/${shipped.source} as well`,
      });
    handlers.set(name, {
      name,
      handler: loaded.handler,
      source,
      ...(shipped && { replaces: shipped.source }),
    });
  }
  if (faults.length > 0) throw new ConfigurationError(faults);
  return handlers;
}

async function candidates(folder: string, below: string): Promise<string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) =>
      entry.isDirectory() ? entry.name !== 'custom' || below !== '' : /(?<!\.d)\.[jt]s$/.test(entry.name),
    )
    .map((entry) => (below ? `${below}/${entry.name}` : entry.name))
    .sort();
}

async function load(folder: string, source: string): Promise<{ handler: Handler } | { fault: Fault }> {
  const where = `handlers/${source}`;
  const file = join(folder, /\.[jt]s$/.test(source) ? source : join(source, 'index.ts'));
  try {
    const module: { default?: unknown } = await import(pathToFileURL(file).href);
    if (isHandler(module.default)) return { handler: module.default };
    return {
      fault: {
        where,
        expected: 'a handler as its default export (`export default defineHandler({ … })`)',
        found: module.default === undefined ? 'no default export' : 'another value',
        advice: 'See handlers/README.md.',
      },
    };
  } catch (error) {
    const found = error instanceof Error ? `${error.name}: ${error.message}` : 'an unknown error';
    return { fault: { where, expected: 'code that can be loaded', found } };
  }
}

function isHandler(value: unknown): value is Handler {
  return Shape.safeParse(value).success;
}
