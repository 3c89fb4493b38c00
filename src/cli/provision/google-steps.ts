import type { IAM } from '@google-cloud/pubsub';
import type { Environment } from '../../configuration/environment.ts';
import { Failure } from '../../outcome.ts';
import { find, type Google, requestGoogle, type SubscriptionConfig } from '../google/client.ts';
import type { Names } from '../google/names.ts';
import {
  configOf,
  differingSettings,
  maskOf,
  NEW_SUBSCRIPTION,
  settingsOf,
  shownSetting,
  wantedSettings,
} from '../google/push-subscription.ts';
import { grantStep } from './iam-step.ts';
import type { Plan, Step } from './step.ts';

/** The account that publishes the notifications. https://docs.commercetools.com/api/projects/subscriptions#google-cloud-pubsub-destination */
const COMMERCETOOLS = 'serviceAccount:subscriptions@commercetools-platform.iam.gserviceaccount.com';
const PUBLISHER = 'roles/pubsub.publisher';
const SUBSCRIBER = 'roles/pubsub.subscriber';
const DAY_SECONDS = 86_400;
const DEAD_LETTER_ACK_SECONDS = 60;

export interface GoogleOptions {
  readonly endpoint: string | undefined;
  /** The number of the project; the name of its Pub/Sub service agent contains it. */
  readonly projectNumber: string | undefined;
  /** The e-mail address of the account that the service runs as. */
  readonly serviceAccount: string | undefined;
}

/** The steps of the set-up in Google, in the order of their execution. */
export function googleSteps(
  google: Google,
  names: Names,
  environment: Environment,
  options: GoogleOptions,
): Step[] {
  const { client } = google;
  const { topic, deadLetterTopic, subscription } = names;
  const { projectNumber, serviceAccount } = options;
  const agent =
    projectNumber && `serviceAccount:service-${projectNumber}@gcp-sa-pubsub.iam.gserviceaccount.com`;
  const service = serviceAccount && `serviceAccount:${serviceAccount}`;
  const needsNumber = 'without --project-number the Pub/Sub service agent is not known';
  const grant = (name: string, iam: IAM, role: string, member: string | undefined, whySkipped = '') =>
    grantStep(google, { name, iam, role, member, whySkipped });
  return [
    topicStep(google, 'topic', topic),
    grant('permission of commercetools to publish', client.topic(topic).iam, PUBLISHER, COMMERCETOOLS),
    topicStep(google, 'dead-letter topic', deadLetterTopic),
    deadLetterSubscriptionStep(google, names),
    grant(
      'permission of the service to publish dead letters',
      client.topic(deadLetterTopic).iam,
      PUBLISHER,
      service,
      'without --service-account the account that the service runs as is not known',
    ),
    grant(
      'permission of Pub/Sub to publish dead letters',
      client.topic(deadLetterTopic).iam,
      PUBLISHER,
      agent,
      needsNumber,
    ),
    pushStep(google, names, environment, options.endpoint),
    grant(
      'permission of Pub/Sub to acknowledge messages of the subscription',
      client.subscription(subscription).iam,
      SUBSCRIBER,
      agent,
      needsNumber,
    ),
  ];
}

function topicStep({ client }: Google, kind: string, name: string): Step {
  const what = `the ${kind} ${name}`;
  return {
    name: `${kind} ${name}`,
    async plan() {
      if (await find(what, () => client.topic(name).getMetadata())) return { kind: 'unchanged' };
      return {
        kind: 'create',
        detail: name,
        apply: () => requestGoogle(what, () => client.createTopic(name)),
      };
    },
  };
}

function deadLetterSubscriptionStep(
  { subscriber, emulator }: Google,
  { deadLetterTopic, deadLetterSubscription }: Names,
): Step {
  const what = `the dead-letter subscription ${deadLetterSubscription}`;
  // The longest retention that each accepts.
  const days = emulator ? 7 : 31;
  return {
    name: `dead-letter subscription ${deadLetterSubscription}`,
    async plan() {
      const found = await find(what, () =>
        subscriber.getSubscription({ subscription: deadLetterSubscription }),
      );
      if (found) return onTopic(found[0], deadLetterTopic, { kind: 'unchanged' });
      const config: SubscriptionConfig = {
        name: deadLetterSubscription,
        topic: deadLetterTopic,
        ackDeadlineSeconds: DEAD_LETTER_ACK_SECONDS,
        messageRetentionDuration: { seconds: days * DAY_SECONDS },
        expirationPolicy: {},
      };
      return {
        kind: 'create',
        detail: `keeps ${days} days, never expires`,
        apply: () => requestGoogle(what, () => subscriber.createSubscription(config)),
      };
    },
  };
}

function pushStep(
  { subscriber }: Google,
  names: Names,
  environment: Environment,
  endpoint: string | undefined,
): Step {
  const { subscription, topic } = names;
  const what = `the push subscription ${subscription}`;
  const wanted = wantedSettings(environment, names, endpoint);
  return {
    name: `push subscription ${subscription}`,
    async plan() {
      const [found] = (await find(what, () => subscriber.getSubscription({ subscription }))) ?? [];
      if (!found) {
        if (endpoint === undefined)
          throw new Failure(
            'no-endpoint',
            `Expected --endpoint with the URL of the service, because ${what} does not exist yet; found none.`,
          );
        const config = { ...configOf(wanted), ...NEW_SUBSCRIPTION, name: subscription, topic };
        return {
          kind: 'create',
          detail: `pushes to ${shownSetting('endpoint', wanted)}`,
          apply: () => requestGoogle(what, () => subscriber.createSubscription(config)),
        };
      }
      const held = settingsOf(found);
      const target = { ...wanted, endpoint: wanted.endpoint ?? held.endpoint };
      const differing = differingSettings(target, held);
      if (differing.length === 0) return onTopic(found, topic, { kind: 'unchanged' });
      const changed = { ...configOf(target), name: subscription };
      return onTopic(found, topic, {
        kind: 'change',
        detail: differing
          .map((name) => `${name} ${shownSetting(name, held)} → ${shownSetting(name, target)}`)
          .join(', '),
        apply: () =>
          requestGoogle(what, () =>
            subscriber.updateSubscription({
              subscription: changed,
              updateMask: { paths: maskOf(differing) },
            }),
          ),
      });
    },
  };
}

/** Returns `plan`; throws a `Failure` for a subscription on another topic, because its topic cannot be changed. */
function onTopic({ topic, name }: SubscriptionConfig, expected: string, plan: Plan): Plan {
  if (topic === expected) return plan;
  throw new Failure(
    'other-topic',
    `Expected the subscription ${name} on ${expected}, found it on ${topic}; choose another name, because a subscription cannot be moved to another topic.`,
  );
}
