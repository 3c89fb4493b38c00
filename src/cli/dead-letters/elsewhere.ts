import type { Environment } from '../../configuration/environment.ts';

/**
 * Where dead letters are if not in Pub/Sub; undefined where they must be there: with a topic, or with Google's own
 * authentication.
 */
export function deadLettersElsewhere({ deadLetterTopic, pushAuth }: Environment): string | undefined {
  if (deadLetterTopic !== undefined || pushAuth.kind === 'oidc') return undefined;
  return [
    'DEAD_LETTER_TOPIC is not set, so the service publishes no dead letters. It answers a rejected push with a final status, and the sender keeps the push if it is configured to:',
    "  EventBridge   the SQS queue in the target's DeadLetterConfig",
    "  SNS           the SQS queue in the subscription's RedrivePolicy",
    "  Event Grid    the blob container of the event subscription's dead-letter endpoint",
    'Look there, or write the customers with `customer-sync sync`; src/senders/README.md has the details.',
  ].join('\n');
}
