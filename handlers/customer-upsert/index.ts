import { defineHandler, Failure, Rejection } from '../../src/handler.ts';
import { anonymise } from './anonymise.ts';
import { converge } from './converge.ts';
import { createMap, ID_ATTRIBUTE } from './map.ts';
import { Memory } from './memory.ts';
import { preview } from './preview.ts';
import { Props } from './props.ts';
import { usernameNeeds } from './username.ts';

export default defineHandler({
  description: 'Creates or updates the Fluent customer of a commercetools customer.',
  props: Props,
  readsCurrentState: true,

  async create({ mapping, onDelete }, { duplicateMemorySeconds }) {
    const map = createMap(mapping);
    const needs = await usernameNeeds(map);
    if (onDelete === 'anonymise' && needs === 'customer')
      throw new Error(
        `Expected with \`onDelete: anonymise\` a username made from id, key, customerNumber or externalId, got \`${mapping.username}\`: what else a deleted customer had can no longer be read.`,
      );
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
        return { kind: 'done', reason: 'already-done' };

      const { id, identifiers } = resource;
      const subject = {
        id,
        // A deletion tells of the version that is gone.
        atLeast: event.deletion ? undefined : event.version,
        username: needs === 'id' ? await map.username({ id }) : undefined,
      };
      return converge(subject, context, {
        map,
        memory,
        async gone(lookUp, username) {
          if (onDelete === 'ignore') return { kind: 'ignored', reason: 'customer-gone' };
          const name = username ?? (await map.username({ id, ...identifiers }));
          if (name === undefined)
            throw new Rejection(
              'no-username',
              `Expected the event to say which username customer ${id} had, got none.`,
            );
          const found = await lookUp(name, { alone: true });
          if (!found.believable)
            throw new Failure(
              'stale-look-up',
              `Fluent shows less of customer ${id} than was written; what it holds of a person is blanked when it shows it.`,
            );
          return anonymise(id, found.customer, Object.keys(mapping.attributes), event.version ?? 0, context);
        },
      });
    };
  },

  createPreview: (props) => ({
    preview: preview(createMap(props.mapping), props),
    idAttribute: ID_ATTRIBUTE,
  }),
});
