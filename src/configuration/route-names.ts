import { z } from 'zod';
import {
  CUSTOMER_MESSAGE_TYPES,
  NOTIFICATION_TYPES,
  RESOURCE_TYPES,
} from '../commercetools/published-types.ts';
import { distance, nearest } from '../router/nearest.ts';
import type { Fault } from './faults.ts';

const Props = z.object({
  name: z.string().optional().catch(undefined),
  'inclusion-filter': z.array(z.string()).default([]).catch([]),
});
/** Accepts any content, so that these faults are reported together with those of the schema. */
const Content = z.object({
  routes: z.array(z.object({ props: Props }).optional().catch(undefined)),
});

type Locate = (path: readonly (string | number)[]) => string;

/** The maximum edit distance of a misspelt name; a name with a larger distance may be newer than this version. */
const MISSPELT = 2;

/**
 * Compares the types in the routes with the types that commercetools publishes. A misspelt resource type or notification type
 * would match no event, so it is a fault. A very different type, or one similar to a Message type, is only a warning:
 * commercetools may add types, and the set of Message types is open.
 */
export function checkRouteNames(
  content: unknown,
  locate: Locate,
): { readonly faults: readonly Fault[]; readonly warnings: readonly Fault[] } {
  const faults: Fault[] = [];
  const warnings: Fault[] = [];
  const add = (fault: Fault | undefined, isMisspelt: boolean) =>
    fault && (isMisspelt ? faults : warnings).push(fault);
  for (const [index, route] of (Content.safeParse(content).data?.routes ?? []).entries()) {
    const { name = '', 'inclusion-filter': filter = [] } = route?.props ?? {};
    const at = ['routes', index, 'props'];
    add(resourceTypeFault(name, locate([...at, 'name'])), isNearly(name, RESOURCE_TYPES));
    for (const [position, type] of filter.entries())
      add(typeFault(type, locate([...at, 'inclusion-filter', position])), isNearly(type, NOTIFICATION_TYPES));
  }
  return { faults, warnings };
}

function isNearly(name: string, known: readonly string[]): boolean {
  return known.some((candidate) => distance(name, candidate) <= MISSPELT);
}

function resourceTypeFault(name: string, where: string): Fault | undefined {
  // The schema reports an empty name.
  if (name.trim() === '' || RESOURCE_TYPES.includes(name)) return undefined;
  const meant = nearest(name, RESOURCE_TYPES);
  return {
    where,
    expected: 'a resource type of commercetools, such as customer',
    found: JSON.stringify(name),
    advice: meant === undefined ? `It has ${RESOURCE_TYPES.join(', ')}.` : `Did you mean ${meant}?`,
  };
}

function typeFault(type: string, where: string): Fault | undefined {
  const known = [...NOTIFICATION_TYPES, ...CUSTOMER_MESSAGE_TYPES];
  const meant = known.includes(type) ? undefined : nearest(type, known);
  if (meant === undefined) return undefined;
  return {
    where,
    expected: 'a notification type or a Message type of commercetools',
    found: JSON.stringify(type),
    advice: `Did you mean ${meant}?`,
  };
}
