import { z } from 'zod';
import { DEFAULT_MAPPING, Mapping } from './mapping/mapping.ts';
import { usernameNeeds } from './mapping/username.ts';

/** The route's props, beside its `name` and `inclusion-filter`. */
export const Props = z
  .strictObject({
    /** What becomes of the Fluent customer whose commercetools customer no longer exists. */
    onDelete: z.enum(['ignore', 'anonymise'], { error: 'ignore or anonymise' }).default('ignore'),
    mapping: Mapping.prefault(DEFAULT_MAPPING),
  })
  .check(({ value: { onDelete, mapping }, issues }) => {
    if (onDelete !== 'anonymise' || usernameNeeds(mapping) !== 'customer') return;
    issues.push({
      code: 'custom',
      path: ['mapping', 'username'],
      input: mapping.username,
      message: `with \`onDelete: anonymise\`, a username from id, key, customerNumber and externalId only (\`${mapping.username}\` uses other fields, which a deletion event does not contain); change it, or set \`onDelete: ignore\``,
    });
  });

export type Props = z.output<typeof Props>;
