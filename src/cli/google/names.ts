import { z } from 'zod';
import type { Environment } from '../../configuration/environment.ts';
import type { Google } from './client.ts';

/** What the set-up is called: full names in Pub/Sub, and the key of the commercetools subscription. */
export interface Names {
  readonly topic: string;
  readonly subscription: string;
  readonly deadLetterTopic: string;
  readonly deadLetterSubscription: string;
  readonly key: string;
}

/** The options that name things, as the commands take them. */
export const NameOptions = z.object({
  topic: z.string().default('customers'),
  subscription: z.string().optional(),
  key: z.string().default('fluent-customer-sync'),
});

/** Short names belong to the project of the credentials; dead letters go where DEAD_LETTER_TOPIC says, else beside the topic. */
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

/** `projects/<project>/<kind>/<name>` of either form of a name. */
export function full(kind: 'topics' | 'subscriptions', name: string, projectId: string): string {
  return name.startsWith('projects/') ? name : `projects/${projectId}/${kind}/${name}`;
}

/** The last part of a full name. */
export function shortOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
