import { z } from 'zod';
import {
  CUSTOMER_MESSAGE_TYPES,
  NOTIFICATION_TYPES,
  RESOURCE_TYPES,
} from '../src/commercetools/published-types.ts';
import { distance, nearest } from '../src/nearest.ts';
import type { Fault } from './faults.ts';

const Props = z.object({
  name: z.string().optional().catch(undefined),
  'inclusion-filter': z.array(z.string()).default([]).catch([]),
});
/** Takes whatever is there, so that these faults are told beside those of the schema. */
const Content = z.object({
  routes: z.array(z.object({ props: Props }).optional().catch(undefined)),
});

type Locate = (path: readonly (string | number)[]) => string;

/** Letters by which a notification type may be misspelt; what is further off may be a Message type that is new. */
const MISSPELT = 2;

/**
 * Compares what routes select by with what commercetools publishes. A resource type or a notification type that is misspelt
 * would leave every event without a route, so it is a fault. Message types are an open set: a near miss is a warning.
 */
export function checkRouteNames(
  content: unknown,
  locate: Locate,
): { readonly faults: readonly Fault[]; readonly warnings: readonly Fault[] } {
  const faults: Fault[] = [];
  const warnings: Fault[] = [];
  for (const [index, route] of (Content.safeParse(content).data?.routes ?? []).entries()) {
    if (!route) continue;
    const { name, 'inclusion-filter': filter } = route.props;
    if (name?.trim() && !RESOURCE_TYPES.includes(name))
      faults.push(unknownType(name, locate(['routes', index, 'props', 'name'])));
    for (const [position, type] of filter.entries()) {
      const where = locate(['routes', index, 'props', 'inclusion-filter', position]);
      const meant = meantBy(type);
      if (meant !== undefined)
        (NOTIFICATION_TYPES.includes(meant) && distance(type, meant) <= MISSPELT ? faults : warnings).push({
          where,
          expected: 'a notification type or a Message type of commercetools',
          found: JSON.stringify(type),
          advice: `Did you mean ${meant}?`,
        });
    }
  }
  return { faults, warnings };
}

/** The published type that a filter's word probably stands for; undefined where it is one, or is like none. */
function meantBy(type: string): string | undefined {
  const known = [...NOTIFICATION_TYPES, ...CUSTOMER_MESSAGE_TYPES];
  return known.includes(type) ? undefined : nearest(type, known);
}

function unknownType(name: string, where: string): Fault {
  const meant = nearest(name, RESOURCE_TYPES);
  return {
    where,
    expected: 'a resource type of commercetools, as in customer',
    found: JSON.stringify(name),
    advice: meant === undefined ? `It is one of ${RESOURCE_TYPES.join(', ')}.` : `Did you mean ${meant}?`,
  };
}
