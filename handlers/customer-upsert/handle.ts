import { type Handle, Rejection, type Settings } from '../../src/handler.ts';
import { converge, type Dependencies } from './converge.ts';
import { type CustomerMap, createMap } from './mapping/map.ts';
import { usernameNeeds } from './mapping/username.ts';
import { Memory } from './memory.ts';
import type { Props } from './props.ts';

/** The handler of one route; `pause` waits, and a test hands in one that does not. `map` is the mapping, compiled already. */
export function createHandle(
  { mapping, onDelete }: Props,
  { duplicateMemorySeconds }: Settings,
  pause: Dependencies['pause'],
  map: CustomerMap = createMap(mapping),
): Handle {
  const needs = usernameNeeds(mapping);
  const policy = { onDelete, mappedAttributes: Object.keys(mapping.attributes) };
  const memories = new Map<string, Memory>();

  return async (event, context) => {
    const { resource } = event;
    if (!resource)
      throw new Rejection(
        'no-resource',
        `Expected an event about a customer, got ${event.kind} without a resource.`,
      );
    const { projectKey } = context.account;
    const memory = memories.get(projectKey) ?? new Memory(duplicateMemorySeconds);
    memories.set(projectKey, memory);
    if (event.version !== undefined && !event.deletion && memory.hasFinished(resource.id, event.version))
      return { kind: 'done', reason: 'already-done', version: event.version };

    const { id, identifiers } = resource;
    const subject = {
      id,
      hasIdentifiers: Object.keys(identifiers).length > 0,
      version: event.version ?? 0,
      isDeleted: event.deletion,
      username: needs === 'id' ? await map.username({ id }) : undefined,
    };
    return converge(subject, context, {
      map,
      memory,
      policy,
      // A deleted customer can no longer be read, so only the event's own identifiers are available.
      usernameOfEvent: async () => (needs === 'customer' ? undefined : map.username({ id, ...identifiers })),
      pause,
    });
  };
}
