import type { Environment } from '../../configuration/environment.ts';
import { find, type Google, requestGoogle, type SubscriptionConfig } from '../google/client.ts';
import type { Names } from '../google/names.ts';
import { type PushSettings, settingsOf, shownSetting } from '../google/push-subscription.ts';
import type { Check, CheckResult } from './check.ts';

const PROVISION = 'Run `customer-sync provision`.';
const OK: CheckResult = { state: 'ok' };

/** The topics, the dead letters' subscription and the push subscription. `isAuthSet`: PUSH_AUTH is in the environment. */
export function googleChecks(
  google: Google,
  names: Names,
  environment: Environment,
  isAuthSet: boolean,
): Check[] {
  const { topic, deadLetterTopic, subscription } = names;
  let reading: Promise<SubscriptionConfig | undefined> | undefined;
  const subscriptionOnce = () => {
    reading ??= find(`the subscription ${subscription}`, () =>
      google.subscriber.getSubscription({ subscription }),
    ).then((found) => found?.[0]);
    return reading;
  };
  /** Skips checks that need the subscription when it does not exist, so that the fault is reported once. */
  const setting = (name: string, run: (settings: PushSettings) => CheckResult): Check => ({
    name: `push subscription: ${name}`,
    async run() {
      const found = await subscriptionOnce().catch(() => undefined);
      return found ? run(settingsOf(found)) : { state: 'skipped', detail: 'there is no push subscription' };
    },
  });
  return [
    { name: `topic ${topic}`, run: () => topicFound(google, topic) },
    { name: `dead-letter topic ${deadLetterTopic}`, run: () => topicFound(google, deadLetterTopic) },
    { name: 'dead-letter topic: permission to publish', run: () => publishable(google, deadLetterTopic) },
    { name: 'dead-letter topic: kept by a subscription', run: () => kept(google, deadLetterTopic) },
    {
      name: 'DEAD_LETTER_TOPIC',
      run: async () =>
        environment.deadLetterTopic === undefined
          ? {
              state: 'warning',
              detail: 'not set: Pub/Sub delivers a rejected notification again until it expires',
              advice: `Set it to ${deadLetterTopic}.`,
            }
          : OK,
    },
    {
      name: `push subscription ${subscription}`,
      async run() {
        const found = await subscriptionOnce();
        if (!found) return { state: 'fault', detail: 'does not exist', advice: PROVISION };
        const { endpoint } = settingsOf(found);
        if (found.topic !== topic)
          return { state: 'fault', detail: `belongs to ${found.topic}`, advice: PROVISION };
        if (endpoint === undefined)
          return { state: 'fault', detail: 'has no push endpoint', advice: PROVISION };
        return { state: 'ok', detail: `pushes to ${shownSetting('endpoint', settingsOf(found))}` };
      },
    },
    setting('ack deadline', (settings) => ackDeadline(settings, environment)),
    setting('retry delay', (settings) => retryDelay(settings, environment)),
    setting('dead-letter policy', (settings) => deadLetterPolicy(settings, deadLetterTopic)),
    setting('expiration', ({ neverExpires }) =>
      neverExpires
        ? { state: 'ok', detail: 'never' }
        : { state: 'warning', detail: 'Pub/Sub deletes it after a time without activity', advice: PROVISION },
    ),
    setting('authentication', (settings) => authentication(settings, environment, isAuthSet)),
  ];
}

async function topicFound({ client }: Google, name: string): Promise<CheckResult> {
  const found = await find(`the topic ${name}`, () => client.topic(name).getMetadata());
  return found ? OK : { state: 'fault', detail: 'does not exist', advice: PROVISION };
}

async function publishable({ client, emulator }: Google, name: string): Promise<CheckResult> {
  if (emulator) return { state: 'skipped', detail: 'the emulator has no permissions' };
  const PERMISSION = 'pubsub.topics.publish';
  const [permissions] = await requestGoogle(`the permissions on ${name}`, () =>
    client.topic(name).iam.testPermissions(PERMISSION),
  );
  if (permissions[PERMISSION]) return { state: 'ok', detail: 'the account of this command has it' };
  return {
    state: 'fault',
    detail: 'the account of this command does not have it',
    advice: `Grant it roles/pubsub.publisher on ${name}. If the service runs as another account, run this command as that account.`,
  };
}

async function kept({ client }: Google, name: string): Promise<CheckResult> {
  // The topic is checked separately, because the emulator lists subscriptions of a topic that does not exist.
  const topic = await find(`the topic ${name}`, () => client.topic(name).getMetadata());
  const found =
    topic && (await find(`the subscriptions of ${name}`, () => client.topic(name).getSubscriptions()));
  if (!found) return { state: 'skipped', detail: 'there is no dead-letter topic' };
  if (found[0].length > 0) return OK;
  return { state: 'fault', detail: 'no: dead letters are lost', advice: PROVISION };
}

function ackDeadline({ ackDeadlineSeconds }: PushSettings, environment: Environment): CheckResult {
  const service = environment.ackDeadlineSeconds;
  const detail = `${ackDeadlineSeconds} s, ACK_DEADLINE_SECONDS is ${service}`;
  if (ackDeadlineSeconds < service)
    return {
      state: 'fault',
      detail: `${detail}: Pub/Sub delivers a message again before it is answered`,
      advice: `Run \`customer-sync provision\`, or set ACK_DEADLINE_SECONDS=${ackDeadlineSeconds}.`,
    };
  if (ackDeadlineSeconds > Math.max(10, service))
    return {
      state: 'warning',
      detail: `${detail}: the service gives up earlier than necessary`,
      advice: `Set ACK_DEADLINE_SECONDS=${ackDeadlineSeconds}, or run \`customer-sync provision\`.`,
    };
  return { state: 'ok', detail };
}

function retryDelay(
  { minimumBackoffSeconds = 0 }: PushSettings,
  { duplicateMemorySeconds }: Environment,
): CheckResult {
  const detail = `at least ${minimumBackoffSeconds} s, DUPLICATE_MEMORY_SECONDS is ${duplicateMemorySeconds}`;
  if (minimumBackoffSeconds >= duplicateMemorySeconds) return { state: 'ok', detail };
  return {
    state: 'fault',
    detail: `${detail}: a redelivery may be treated as a duplicate`,
    advice: `Run \`customer-sync provision\`, or set DUPLICATE_MEMORY_SECONDS=${Math.floor(minimumBackoffSeconds)}.`,
  };
}

function deadLetterPolicy({ deadLetterTopic }: PushSettings, expected: string): CheckResult {
  if (deadLetterTopic === expected) return OK;
  return {
    state: 'warning',
    detail:
      deadLetterTopic === undefined
        ? 'none: a message that always fails is delivered until it expires, and is lost'
        : `is ${deadLetterTopic}, which \`dead-letters\` does not read`,
    advice: PROVISION,
  };
}

function authentication(settings: PushSettings, { pushAuth }: Environment, isSet: boolean): CheckResult {
  if (!isSet) return { state: 'skipped', detail: 'PUSH_AUTH is not set; set it to the value of the service' };
  const { serviceAccount, audience } = settings;
  switch (pushAuth.kind) {
    case 'oidc':
      if (serviceAccount === pushAuth.serviceAccount && audience === pushAuth.audience)
        return { state: 'ok', detail: `OIDC as ${serviceAccount}` };
      return {
        state: 'fault',
        detail: `signs as ${serviceAccount ?? 'nobody'} for ${audience ?? 'its URL'}, the service expects ${pushAuth.serviceAccount} for ${pushAuth.audience}`,
        advice: PROVISION,
      };
    case 'token': {
      const token = new URL(settings.endpoint ?? 'http://none').searchParams.get('token');
      if (token !== null && pushAuth.tokens.includes(token))
        return { state: 'ok', detail: 'a token in the URL' };
      return { state: 'fault', detail: 'without a token of PUSH_TOKEN in its URL', advice: PROVISION };
    }
    case 'sns':
      return {
        state: 'fault',
        detail: 'PUSH_AUTH is sns: the service refuses pushes of Pub/Sub',
        advice: 'Set PUSH_AUTH=oidc.',
      };
    case 'none':
      return {
        state: 'warning',
        detail: 'none: anybody can push',
        advice: 'Set PUSH_AUTH=oidc, unless something before the service checks who is calling.',
      };
  }
}
