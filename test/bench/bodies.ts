import { eventBridgeRequest } from '../sandbox/eventbridge.ts';
import { wrap } from '../sandbox/push.ts';
import type { Seeded } from './stand-ins.ts';

/** Pushes that no route matches: they are only authenticated, decoded and routed. */
export function ignored(count: number): string[] {
  return orders(count).map((order) => wrap(order));
}

/** The same pushes in the format of EventBridge. */
export function ignoredEvents(count: number): string[] {
  return orders(count).map((order) => eventBridgeRequest(order).body);
}

function orders(count: number): object[] {
  return Array.from({ length: count }, (_, index) => ({
    notificationType: 'ResourceUpdated',
    projectKey: 'sandbox-project',
    resource: { typeId: 'order', id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}` },
    resourceUserProvidedIdentifiers: { key: `order-${index}` },
    version: 3,
    oldVersion: 1,
    modifiedAt: '2026-03-02T09:15:00.384Z',
  }));
}

/** A push for each customer and each of `changes` versions, like a burst, in the order of the changes. */
export function changes(customers: Seeded, projectKey: string, count = 1): string[] {
  return customers.flatMap(({ id, version }) =>
    Array.from({ length: count }, (_, index) =>
      wrap({
        notificationType: 'ResourceUpdated',
        projectKey,
        resource: { typeId: 'customer', id },
        resourceUserProvidedIdentifiers: {},
        // Only the last version of a burst can be read; the earlier ones are outdated.
        version: Math.max(1, version - (count - 1 - index)),
        oldVersion: Math.max(1, version - (count - index)),
        modifiedAt: '2026-03-02T09:15:00.384Z',
      }),
    ),
  );
}
