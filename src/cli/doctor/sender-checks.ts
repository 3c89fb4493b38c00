import type { Environment } from '../../configuration/environment.ts';
import { authenticationFault, type DestinationName, titleOf } from '../destination/destination.ts';
import type { Check, CheckResult } from './check.ts';

type OtherName = Exclude<DestinationName, 'pubsub'>;

/** What takes the place of a dead-letter topic, by sender. */
const DEAD_LETTERS: Record<OtherName, string> = {
  eventbridge: "the SQS queue in the target's DeadLetterConfig; without one it is dropped",
  sns: "the SQS queue in the subscription's RedrivePolicy; without one it is dropped",
  'event-grid':
    "the blob container in the event subscription's dead-letter endpoint; without one it is dropped",
};

/**
 * The checks of a sender other than Pub/Sub: its cloud's own side cannot be looked at. `isAuthSet`: PUSH_AUTH is in the
 * environment.
 */
export function senderChecks(name: OtherName, environment: Environment, isAuthSet: boolean): Check[] {
  const title = titleOf(name);
  return [
    { name: `${title}: authentication`, run: async () => authentication(name, environment, isAuthSet) },
    { name: `${title}: dead letters`, run: async () => deadLetters(name, environment) },
  ];
}

function authentication(name: OtherName, environment: Environment, isSet: boolean): CheckResult {
  if (!isSet) return { state: 'skipped', detail: 'PUSH_AUTH is not set; set it to the value of the service' };
  const fault = authenticationFault(name, environment);
  if (fault)
    return {
      state: 'fault',
      detail: `PUSH_AUTH is ${fault.found}: the service refuses pushes of ${titleOf(name)}`,
      advice: `Set PUSH_AUTH to ${fault.expected}.`,
    };
  const { pushAuth, sns } = environment;
  if (pushAuth.kind === 'none')
    return {
      state: 'warning',
      detail: 'none: anybody can push',
      advice: 'Set PUSH_AUTH, unless something before the service checks who is calling.',
    };
  if (name === 'sns' && !sns)
    return {
      state: 'warning',
      detail: 'without SNS_TOPIC_ARNS the service confirms no subscription',
      advice: "Set SNS_TOPIC_ARNS to the topic's ARN, or confirm the subscription by hand.",
    };
  return { state: 'ok', detail: `PUSH_AUTH is ${pushAuth.kind}` };
}

function deadLetters(name: OtherName, { deadLetterTopic }: Environment): CheckResult {
  if (deadLetterTopic !== undefined) return { state: 'ok', detail: `are published to ${deadLetterTopic}` };
  return {
    state: 'warning',
    detail: `rejected notifications are kept in ${DEAD_LETTERS[name]}`,
    advice: 'Check that it exists; src/senders/README.md has the command.',
  };
}
