import { z } from 'zod';
import type { Environment } from '../../configuration/environment.ts';
import type { Google } from './client.ts';

/** The names of the set-up: full names in Pub/Sub, and the key of the commercetools subscription. */
export interface Names {
  readonly topic: string;
  readonly subscription: string;
  readonly deadLetterTopic: string;
  readonly deadLetterSubscription: string;
  readonly key: string;
}

/** The options of `provision`, `deprovision` and `doctor` for the names. */
export const NameOptions = z.object({
  topic: z.string().default('customers'),
  subscription: z.string().optional(),
  key: z.string().default('fluent-customer-sync'),
});

/**
 * Completes short names with the project of the credentials. Without DEAD_LETTER_TOPIC the dead-letter topic is named after the
 * topic.
 */
export function namesOf(
  { topic, subscription, key }: z.output<typeof NameOptions>,
  { deadLetterTopic }: Environment,
  { projectId }: Pick<Google, 'projectId'>,
): Names {
  const deadLettered = deadLetterTopic ?? `${shortOf(topic)}-dead-letters`;
  return {
    topic: full('topics', topic, projectId),
    subscription: full('subscriptions', subscription ?? shortOf(topic), projectId),
    deadLetterTopic: full('topics', deadLettered, projectId),
    deadLetterSubscription: full('subscriptions', shortOf(deadLettered), projectId),
    key,
  };
}

/** Returns `projects/<project>/<kind>/<name>` for a short or a full name. */
export function full(kind: 'topics' | 'subscriptions', name: string, projectId: string): string {
  return name.startsWith('projects/') ? name : `projects/${projectId}/${kind}/${name}`;
}

/** Returns the last part of a full name. */
export function shortOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
