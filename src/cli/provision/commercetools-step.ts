import type {
  ChangeSubscription,
  Destination,
  Subscription,
  SubscriptionUpdateAction,
} from '@commercetools/platform-sdk';
import type { Commercetools } from '../../commercetools/commercetools.ts';
import { Failure } from '../../outcome.ts';
import { publishesTo, type Target } from '../destination/destination.ts';
import type { Step } from './step.ts';

/** Returns the subscription with this key, or undefined; throws a `Failure` that names the missing scope. */
export async function findSubscription(
  { api }: Commercetools,
  projectKey: string,
  key: string,
): Promise<Subscription | undefined> {
  try {
    const queryArgs = { where: `key = ${JSON.stringify(key)}`, limit: 20 };
    const { body } = await api.subscriptions().get({ queryArgs }).execute();
    return body.results.find((one) => one.key === key);
  } catch (error) {
    if (!(error instanceof Failure) || error.reason !== 'permission-missing') throw error;
    throw new Failure(
      'permission-missing',
      `commercetools ${projectKey} refused to list its subscriptions; use an API client with the scope manage_subscriptions:${projectKey}, and check CTP_SCOPES.`,
    );
  }
}

/** Returns the resource types of the routing table whose changes the subscription does not publish. */
export function missingChanges(
  { changes }: Pick<Subscription, 'changes'>,
  resourceTypes: readonly string[],
): string[] {
  const published = new Set<string>(changes.map(({ resourceTypeId }) => resourceTypeId));
  return resourceTypes.filter((type) => !published.has(type));
}

/** Returns the resource types of the routing table, without duplicates. */
export function resourceTypesOf(routes: readonly { readonly resourceType: string }[]): string[] {
  return [...new Set(routes.map(({ resourceType }) => resourceType))];
}

/** The wanted subscription. */
export interface Publishing {
  readonly key: string;
  readonly target: Target;
  /** The target in the format of commercetools' API; may contain a secret. */
  readonly destination: Destination;
  readonly resourceTypes: readonly string[];
}

/** Creates or updates the subscription of a project to the changes of these types; an existing one keeps its other types. */
export function commercetoolsStep(
  commercetools: Commercetools,
  projectKey: string,
  { key, target, destination, resourceTypes }: Publishing,
): Step {
  const { api } = commercetools;
  return {
    name: `commercetools subscription ${key} of ${projectKey}`,
    async plan() {
      const found = await findSubscription(commercetools, projectKey, key);
      if (!found) {
        const changes = changesOf(resourceTypes);
        const body = { key, destination, changes, format: target.format };
        return {
          kind: 'create',
          detail: `changes of ${resourceTypes.join(', ')} to ${target.shown}`,
          apply: () => api.subscriptions().post({ body }).execute(),
        };
      }
      if (target.format.type === 'CloudEvents' && found.format.type !== 'CloudEvents')
        throw new Failure(
          'other-format',
          `Expected the subscription ${key} to publish CloudEvents, the only format that ${target.shown} accepts, found ${found.format.type}; choose another --key, because the format of a subscription cannot be changed.`,
        );
      const actions: SubscriptionUpdateAction[] = [];
      const missing = missingChanges(found, resourceTypes);
      if (missing.length > 0)
        actions.push({ action: 'setChanges', changes: [...found.changes, ...changesOf(missing)] });
      // Only a change of the destination restarts a stopped delivery; a change to the same destination does too.
      const hasStopped = found.status === 'ConfigurationErrorDeliveryStopped';
      if (hasStopped || !publishesTo(found, target))
        actions.push({ action: 'changeDestination', destination });
      if (actions.length === 0) return { kind: 'unchanged' };
      const { id: ID, version } = found;
      return {
        kind: 'change',
        detail: actions.map(({ action }) => action).join(', '),
        apply: () => api.subscriptions().withId({ ID }).post({ body: { version, actions } }).execute(),
      };
    },
  };
}

function changesOf(resourceTypes: readonly string[]): ChangeSubscription[] {
  return resourceTypes.map((resourceTypeId) => ({ resourceTypeId }));
}
