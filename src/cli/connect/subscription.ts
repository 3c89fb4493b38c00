import type { Destination } from '@commercetools/platform-sdk';
import { ConfigurationError, type Fault } from '../../configuration-error.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Different from the key of `provision`, so that its subscription in the same project is not changed. */
export const CONNECT_KEY = 'fluent-customer-sync-connect';

/**
 * Returns the destination from the variables that Connect sets for its scripts. Throws a `ConfigurationError` with all missing
 * variables.
 */
export function connectDestination(env: Env): Destination {
  const faults: Fault[] = [];
  const read = (name: string) => {
    const value = env[name]?.trim() ?? '';
    if (value === '') faults.push(missing(name));
    return value;
  };
  const destination = destinationBy(
    env['CONNECT_SUBSCRIPTION_DESTINATION']?.trim() || 'GoogleCloudPubSub',
    read,
  );
  if (destination === undefined)
    faults.push({
      where: 'environment CONNECT_SUBSCRIPTION_DESTINATION',
      expected: 'GoogleCloudPubSub or SNS',
      found: 'another value',
    });
  if (faults.length > 0 || destination === undefined) throw new ConfigurationError(faults);
  return destination;
}

function destinationBy(kind: string, read: (name: string) => string): Destination | undefined {
  if (kind === 'GoogleCloudPubSub')
    return { type: kind, projectId: read('CONNECT_GCP_PROJECT_ID'), topic: read('CONNECT_GCP_TOPIC_NAME') };
  if (kind === 'SNS')
    return { type: kind, topicArn: read('CONNECT_AWS_TOPIC_ARN'), authenticationMode: 'IAM' };
  return undefined;
}

function missing(name: string): Fault {
  return {
    where: `environment ${name}`,
    expected: 'the topic, which commercetools Connect passes to its scripts',
    found: 'nothing',
    advice:
      'Connect runs this script on a deployment; elsewhere, use `provision` to create the subscription.',
  };
}
