import { z } from 'zod';
import { describeFound, type Fault } from '../configuration-error.ts';
import { nearest } from './nearest.ts';
import type { RouteConfig } from './router.ts';

/** The faults of a handler's schema in the props of a route, each with its line. */
export function propFaults(
  { locate, isFromEnvironment }: Pick<RouteConfig, 'locate' | 'isFromEnvironment'>,
  schema: z.ZodType,
  issue: z.core.$ZodIssue,
): Fault[] {
  const path = issue.path.filter((key) => typeof key !== 'symbol');
  const name = ['props', ...path].join('.');
  if (issue.code !== 'unrecognized_keys') {
    const { found, advice } = detailsOf(issue);
    return [
      {
        where: locate(path),
        expected: `${name}: ${issue.message}`,
        // A value that came from the environment may be a secret.
        found: found ?? describeFound(issue.input, isFromEnvironment(path)),
        ...(advice !== undefined && { advice }),
      },
    ];
  }
  const known = knownKeys(schema, path);
  return issue.keys.map((key) => {
    const meant = nearest(key, known);
    const where = locate([...path, key]);
    const expected = known.length > 0 ? `one of ${known.join(', ')}` : 'a known prop';
    const fault = { where, expected: `${name}: ${expected}`, found: key };
    return meant === undefined ? fault : { ...fault, advice: `Did you mean ${meant}?` };
  });
}

/** A handler's own check may bring `params: { found, advice }`. */
function detailsOf(issue: z.core.$ZodIssue): { found?: string; advice?: string } {
  return issue.code === 'custom' ? (Details.safeParse(issue.params).data ?? {}) : {};
}

const Details = z.object({ found: z.string().exactOptional(), advice: z.string().exactOptional() });

/** The keys that the schema has at a path; empty if it does not define them. */
function knownKeys(schema: z.ZodType, path: readonly (string | number)[]): string[] {
  let at: z.core.JSONSchema.BaseSchema | undefined = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
  });
  for (const key of path) {
    const next: z.core.JSONSchema._JSONSchema | undefined = at?.properties?.[String(key)];
    at = typeof next === 'object' ? next : undefined;
  }
  return Object.keys(at?.properties ?? {});
}

/** A prop that passes its schema but cannot work. */
export interface UnusableProp {
  /** Its path in the props. */
  readonly path: readonly (string | number)[];
  readonly expected: string;
  readonly found: string;
  readonly advice?: string;
}

/** Thrown by a handler's `create` for props that cannot work; the start fails with the line of each. */
export class UnusableProps extends Error {
  readonly props: readonly UnusableProp[];

  constructor(props: readonly UnusableProp[]) {
    super(
      props
        .map(({ path, expected, found }) => `${path.join('.')}: expected ${expected}, found ${found}`)
        .join('; '),
    );
    this.name = 'UnusableProps';
    this.props = props;
  }
}
